package cli

import "testing"

func TestHistoryRebuild(t *testing.T) {
	p := &parts{}
	code, out, errs := run(t, p, "", "history", "rebuild")
	if code != 0 || out != "Lists, counts and filters were made anew from the records.\n" || errs != "" || !p.Rebuilt {
		t.Errorf("%d, %q, %q", code, out, errs)
	}
}

//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"facematch/matcher"
)

// sdkPackage is the vendor's own client.
const sdkPackage = "biometry-sdk@2.4.0"

// sdk fetches the vendor's SDK and gives its file. It has no dependencies that are
// loaded here, so it needs no installation.
func sdk(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"node", "npm", "tar"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not here, so the vendor's SDK is left out", program)
		}
	}
	dir, err := filepath.Abs(filepath.Join(root, "build", "sdk"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "package", "dist", "sdk.js")
	if _, err := os.Stat(file); err == nil {
		return file
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	pack := exec.Command("npm", "pack", sdkPackage, "--silent", "--pack-destination", dir, "--fetch-retries", "1",
		"--fetch-timeout", "20000")
	out, err := pack.Output()
	if err != nil {
		t.Skipf("the vendor's SDK cannot be fetched from npm here: %v", err)
	}
	name := strings.TrimSpace(string(out))
	if out, err := exec.Command("tar", "-xzf", filepath.Join(dir, name), "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v %s", err, out)
	}
	return file
}

// call is what the SDK made of one call.
type call struct {
	Name  string
	Body  json.RawMessage
	ID    string
	Error string
	Cause string
}

// TestVendorsSDK asks through the vendor's own client, and with its curl command.
func TestVendorsSDK(t *testing.T) {
	dir := testdata(t)
	file := sdk(t)
	s := start(t, t.TempDir())
	clip := func(who string) string { return filepath.Join(dir, "clips", who+".mp4") }
	me, other := "lfw__Jackie_Chan", "lfw__Hu_Jintao"
	cmd := exec.Command("node", filepath.Join("testdata", "sdk.mjs"), file, s.url, s.token,
		filepath.Join(dir, "docs", me+".jpg"), clip(me), clip(other),
		filepath.Join(dir, "documents", "no_portrait", "passporteye_100_id-mac.jpg"), twoPeople(t, clip(me), clip(other)),
		filepath.Join(dir, "documents", "passporteye_passport-td3.jpg"))
	code, out, errs := run(t, cmd)
	if code != 0 {
		t.Fatalf("node: exit %d\n%s%s", code, out, errs)
	}
	calls := map[string]call{}
	for line := range strings.Lines(out) {
		var c call
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		calls[c.Name] = c
		t.Log(strings.TrimSpace(line))
	}
	recorded := map[string]string{}
	for _, r := range rows(t, s.home) {
		recorded[r.Check] = r.Outcome
	}
	for name, want := range map[string]struct {
		outcome        string
		anchor, target int
	}{
		"match": {"pass", 0, 0}, "non-match": {"fail", 0, 0}, "prefilled": {"pass", 0, 0},
		"no face": {"not compared", 1, 0}, "two faces": {"not compared", 0, 2},
	} {
		c := calls[name]
		var r matcher.Result
		if err := json.Unmarshal(c.Body, &r); err != nil {
			t.Errorf("%s: %v %+v", name, err, c)
			continue
		}
		if r.Data.Anchor.Code != want.anchor || r.Data.Target.Code != want.target || r.Message != matcher.Message {
			t.Errorf("%s: %s", name, c.Body)
		}
		if recorded[c.ID] != want.outcome {
			t.Errorf("%s: %q is in the history for X-Request-Id %s, want %q", name, recorded[c.ID], c.ID, want.outcome)
		}
	}
	if match, again := calls["match"].Body, calls["prefilled"].Body; string(match) != string(again) {
		t.Errorf("with the stored video the answer is another:\n%s\n%s", match, again)
	}
	documents(t, calls)
	for name, want := range map[string]string{
		"no document":                 "Error 400: the image is neither JPEG nor PNG",
		"bad token":                   "Error 401: missing or invalid token",
		"missing part":                "Error 400: the part video is missing",
		"over 50 MB":                  "Error 413: the part video is larger than 50 MB",
		"prefilled without a session": "Error 400: X-Use-Prefilled-Video needs X-Session-ID",
		"prefilled without a video":   "Error 400: no video is stored for this session: send one to process-video first, or with this request",
		"prefilled after the end":     "Error 400: no video is stored for this session: send one to process-video first, or with this request",
	} {
		if got := calls[name]; got.Error != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for name, want := range map[string]string{
		"process": `{"data":{},"message":"video processed successfully"}`,
		"end":     `{"message":"session ended successfully"}`,
		"consent": `{"is_consent_given":true,"user_fullname":"Ann Other"}`,
	} {
		if got := string(calls[name].Body); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	s.curl(filepath.Join(dir, "docs", me+".jpg"), clip(me))
	s.stop()
	verify(t, s.home)
}

// documents checks what the vendor's own client read of a passport that has expired.
func documents(t *testing.T, calls map[string]call) {
	t.Helper()
	for name, differs := range map[string]bool{"document": false, "document of another": true} {
		var got struct {
			Data struct {
				Type    string `json:"document_type"`
				First   string `json:"first_name"`
				Last    string `json:"last_name"`
				Birth   string `json:"birth_date"`
				Number  string `json:"document_number"`
				Country string `json:"country_code"`
				Nation  string `json:"nationality_code"`
				Sex     string `json:"sex"`
				Expiry  string `json:"expiry_date"`
				Photo   []byte `json:"portrait_photo"`
				MRZ     struct {
					Has    bool     `json:"has_mrz"`
					Valid  bool     `json:"check_digits_valid"`
					Differ []string `json:"discrepancies"`
				} `json:"mrz_validation"`
			}
			Result string `json:"scoring_result"`
		}
		c := calls[name]
		if err := json.Unmarshal(c.Body, &got); err != nil {
			t.Fatalf("%s: %v %+v", name, err, c)
		}
		said := []string{
			got.Data.Type, got.Data.First, got.Data.Last, got.Data.Birth, got.Data.Number, got.Data.Country, got.Data.Nation,
			got.Data.Sex, got.Data.Expiry, got.Result,
		}
		want := []string{
			"Passport", "ANNA MARIA", "ERIKSSON", "1974-08-12", "L898902C3", "UTO", "UTO", "FEMALE", "2012-04-15", "fail",
		}
		if !slices.Equal(said, want) || len(got.Data.Photo) < 1000 || !got.Data.MRZ.Has || !got.Data.MRZ.Valid ||
			(len(got.Data.MRZ.Differ) > 0) != differs || !strings.HasPrefix(c.ID, "doc_") {
			t.Errorf("%s: %q, %d bytes of portrait, %+v, id %s", name, said, len(got.Data.Photo), got.Data.MRZ, c.ID)
		}
	}
}

// curl asks as the vendor's page shows it.
func (s *server) curl(image, video string) {
	s.t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		s.t.Log("curl is not here, so it is left out")
		return
	}
	code, out, errs := run(s.t, exec.Command("curl", "-sS", "-i", "-X", "POST", s.url+"/api-gateway/match-faces",
		"-H", "Authorization: Bearer "+s.token, "-H", "X-User-Fullname: Ann Other", "-F", "video=@"+video, "-F",
		"image=@"+image))
	if code != 0 || !strings.Contains(out, `"status":"pass"`) || !strings.Contains(out, "X-Request-Id: chk_") {
		s.t.Errorf("curl: exit %d\n%s%s", code, out, errs)
	}
}

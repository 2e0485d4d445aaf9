package history

import (
	"strconv"

	"facematch/matcher"
)

// WhyKey is the key of the sentence that says why a side of a check, the document
// ("anchor") or the clip ("target"), gave no face to compare; what to do next has
// the same key with .hint behind. The flaw says more than the code, where one is
// known: another program's answer has none.
func WhyKey(side string, code int, flaw matcher.Flaw) string {
	switch {
	case flaw != matcher.FlawNone && side == "anchor":
		return "flaw.document." + string(flaw)
	case flaw != matcher.FlawNone:
		return "flaw." + string(flaw)
	case code > matcher.CodeOK && code <= matcher.CodeCutOff:
		return "side." + side + "." + strconv.Itoa(code)
	}
	return "side." + side + ".other"
}

// Why are the keys of WhyKey for both sides, the document first; nothing where the
// check was compared.
func (f *Finished) Why() []string {
	if f == nil {
		return nil
	}
	var keys []string
	for _, side := range []struct {
		name string
		code *int
		flaw matcher.Flaw
	}{{"anchor", f.AnchorCode, f.DocumentFlaw}, {"target", f.TargetCode, f.Flaw}} {
		if side.code != nil && *side.code != matcher.CodeOK {
			keys = append(keys, WhyKey(side.name, *side.code, side.flaw))
		}
	}
	return keys
}

package history

import "facematch/matcher"

// Data is the answer of a check as conditions look at it; false: it has none.
func (f *Finished) Data() (matcher.Data, bool) {
	if f == nil || f.Code == nil {
		return matcher.Data{}, false
	}
	d := matcher.Data{Code: *f.Code}
	if f.AnchorCode != nil {
		d.Anchor.Code = *f.AnchorCode
	}
	if f.TargetCode != nil {
		d.Target.Code = *f.TargetCode
	}
	if f.Result != nil {
		d.Result = *f.Result
	}
	if f.Score != nil {
		d.Score = percent(*f.Score)
	}
	for _, p := range f.Percentages {
		d.Percentages = append(d.Percentages, percent(p))
	}
	return d, true
}

func percent(hundredths int64) float64 { return float64(hundredths) / 100 }

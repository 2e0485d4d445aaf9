package export

import (
	"fmt"
	"time"

	"facematch/app/history"
	"facematch/matcher"
)

func ptr[T any](v T) *T { return &v }

// secret is a text of what may not leave without names; each place has its own,
// so that a test can say which one leaked.
func secret(place string) string { return "Sekrit-" + place }

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// detail is a check with something in every field.
func detail(frames, decisions int) history.Detail {
	refer := 60.0
	models := []matcher.Model{
		{Name: "dlib_face_recognition_resnet_model_v1.dat",
			SHA256: "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"},
		{Name: "fr_feature.onnx", SHA256: "87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581"},
	}
	description := matcher.Description{Engine: "go-face", Models: models, Calibration: "lfw-2026-10", Calibrated: true}
	d := history.Detail{
		Row: history.Row{
			Seq: 41, Check: "chk_0f8b2c1e-7a4d-4f7e-9c39-2b1d5a6e8f01", Session: "sess_5b1d5a6e-7a4d-4f7e-9c39-0f8b2c1e8f02",
			At: noon, Name: secret("name"), Mode: history.Offline, Outcome: history.Refer, Score: ptr(int64(7120)), Code: ptr(0),
			Decision: history.Approved, Operator: "anna", Desk: "Counter 1", Request: "req_1",
		},
		Seqs: []int64{41, 42}, Reference: secret("reference"),
		Fields: history.Fields{
			Name: secret("name read"), Birth: secret("birth"), Nationality: secret("nationality"), Number: secret("number"),
		},
		Head: history.Head{Seq: 99, Hash: "ab", At: noon},
	}
	d.Started = history.Started{
		Check: d.Check, Session: d.Session, Instance: "ins_1", Mode: d.Mode, Operator: d.Operator, SignedIn: true,
		Desk: d.Desk, Program: "1.2.3",
		Consent: history.Consent{Processing: true, Wording: "2026-10"},
		Rules: []matcher.Condition{
			{Field: "score", Op: ">=", Pass: 80, Refer: &refer}, {Field: "len(percentages)", Op: ">=", Pass: 3},
			{Field: "min(percentages)", Op: ">=", Pass: 99.5},
		},
		Description: description, DocumentFrom: history.FromFile, Minor: true, Chosen: matcher.Pick{Number: 1, Of: 2},
		CameraPart: matcher.Part{X: 0.25, Width: 0.5, Height: 1}, Name: secret("started name"),
		Reference: secret("started reference"),
	}
	f := &history.Finished{
		VirtualCamera: "v4l2 loopback",
		Check:         d.Check, Session: d.Session, Outcome: d.Outcome, Took: 3210 * time.Millisecond, Code: d.Code,
		AnchorCode: ptr(0), TargetCode: ptr(0),
		Result: ptr(true), Status: matcher.Refer, Score: d.Score, Description: description,
		Raw:         []byte(secret("finished raw")),
		Failed:      []string{"min(percentages) >= 99.5 (was 62.00)"},
		FailedRefer: []string{"score >= 80 (was 71.20)", matcher.ReasonMinor},
		MRZ:         &history.MRZ{Type: "TD3", DigitsHold: true, Corrected: true, Expired: ptr(true), Edited: true},
		Quality: &history.Quality{
			Portrait: 88, PortraitEyes: 120, PortraitNotes: 1, PortraitPage: 1, CaptureWarning: "coach.dark",
			Document: &history.Measures{Eyes: 120, Size: 90, Sharpness: 80, Exposure: 70, Contrast: 60, Pose: 99, Tilt: 98,
				Total: 88},
			Camera: &history.Measures{Eyes: 140, Size: 95, Sharpness: 85, Exposure: 35, Contrast: 65, Pose: 97, Tilt: 96,
				Total: 77},
		},
	}
	for i := range frames {
		f.Percentages = append(f.Percentages, int64(6200+(i*37)%3700))
		f.Quality.Frames = append(f.Quality.Frames, int64(70+i%30))
		f.Quality.FramesEyes = append(f.Quality.FramesEyes, int64(130+i%9))
	}
	d.Finished = f
	for i := range decisions {
		x := history.Decided{At: noon.Add(time.Duration(i+1) * time.Hour), Seq: int64(43 + i), Decision: history.Decision{
			Check: d.Check, Session: d.Session,
			Actor: history.Actor{Operator: "bert", Role: history.RoleReviewer, SignedIn: true, Instance: "ins_1", Desk: d.Desk,
				Program: "1.2.3"},
			Choice: history.Approve, Reason: "same_person_seen", Note: secret("note"),
		}}
		if i > 0 {
			x.Overrides, x.Second, x.Verified = history.Refer, "carla", i%2 == 0
		}
		if i%2 == 1 {
			x.Choice, x.Reason = history.Reject, "other"
		}
		d.Seqs = append(d.Seqs, x.Seq)
		d.Decisions = append(d.Decisions, x)
	}
	d.Inspection = history.InspectionObjection
	d.Started.Inspection = history.InspectionRequired
	d.Started.Audit = &history.Audit{
		Auditors: "the internal audit", Recipients: []string{"age1public"}, SHA256: "0d",
	}
	d.Inspected = []history.Inspected{{At: noon.Add(time.Minute), Seq: 43, Inspection: history.Inspection{
		Check: d.Check, Session: d.Session,
		Actor: history.Actor{Operator: "anna", Role: history.RoleOperator, SignedIn: true, Instance: "ins_1", Desk: d.Desk,
			Program: "1.2.3"},
		Points: []history.InspectedPoint{
			{Point: "person", Answer: history.InspectionYes}, {Point: "Is it =the seal?", Answer: history.InspectionNo},
			{Point: "document", Answer: history.InspectionUnanswered},
		},
		State: history.InspectionObjection, Reason: "not_their_document", Note: secret("inspection note"),
	}}}
	d.Attempts = []history.Row{d.Row, d.Row}
	d.Attempts[0].Seq, d.Attempts[0].Check, d.Attempts[0].Outcome, d.Attempts[0].Score = 39, "chk_earlier",
		history.NotCompared, nil
	d.Attempts[0].Name, d.Attempts[1].Name = secret("attempt"), secret("attempt")
	d.Raw = []byte(`{"who":"` + secret("raw") + `","score":71.2}`)
	d.Document, d.Frame = []byte(secret("document")), []byte(secret("frame"))
	d.Erasures = []history.Erased{{At: noon.Add(100 * time.Hour), Erasure: history.Erasure{
		Session: "sess_other", Actor: history.Actor{Operator: "root"}, Parts: []history.Part{history.PartImages},
		Reason: history.AfterPeriod,
	}}}
	return d
}

func about(names bool) About {
	return About{
		Names: names, Filter: "outcome refer", At: noon.Add(24 * time.Hour),
		By: history.Actor{Operator: "otto", Role: history.RoleAuditor, SignedIn: true, Instance: "ins_9", Desk: "Back office",
			Program: "1.2.4"},
	}
}

var head = history.Head{Seq: 123, Hash: "6c1f0a7d5f1f8f0c0a7be1b5b7a4f9d6ab7a2a3b4c5d6e7f8091a2b3c4d5e6f7",
	At: noon.Add(23 * time.Hour)}

// many are n checks that differ.
func many(n int) []history.Detail {
	names := []string{
		"Ada Lovelace", "Zoë Müller-Łukasiewicz", "Александр Сергеевич Пушкин", "محمد بن موسى الخوارزمي", "王小明", "김철수",
		"山田太郎", "דוד בן־גוריון",
		"Νίκος Καζαντζάκης", "प्रेमचंद", "สมชาย ใจดี", "Nguyễn Thị Minh Khai", "=HYPERLINK(\"x\")", "Առաքել", "ჭაბუა",
		"አበበ ቢቂላ", "ម៉ៅ 😀",
	}
	all := []history.Outcome{history.Pass, history.Refer, history.Fail, history.NotCompared, history.CouldNotRun,
		history.Cancelled, history.Interrupted, history.Unknown}
	out := make([]history.Detail, n)
	for i := range out {
		d := detail(8, i%3)
		d.Seq = int64(2*i + 1)
		d.Check = fmt.Sprintf("chk_%08x-7a4d-4f7e-9c39-2b1d5a6e8f01", i)
		d.At = noon.Add(-time.Duration(i) * time.Minute)
		d.Name, d.Outcome = names[i%len(names)], all[i%len(all)]
		if d.Outcome == history.NotCompared || d.Outcome == history.CouldNotRun {
			d.Score, d.Decision = nil, ""
		}
		out[i] = d
	}
	return out
}

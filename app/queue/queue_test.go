package queue

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"facematch/matcher"
)

const session = "sess_0f8b2c1e-7a4d-4f7e-9c39-2b1d5a6e8f01"

func queue(t *testing.T) *Queue {
	t.Helper()
	return New(filepath.Join(t.TempDir(), "kept"),
		func(context.Context) ([]byte, error) { return []byte("a key of 32 bytes, more or less"), nil })
}

func memory(b []byte) matcher.Blob {
	return matcher.Blob{MediaType: "image/png",
		Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

func noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

func key(err error) string {
	var p *matcher.Problem
	if errors.As(err, &p) {
		return p.Key
	}
	return ""
}

func all(t *testing.T, b matcher.Blob) []byte {
	t.Helper()
	r, err := b.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil || int64(len(data)) != b.Size {
		t.Errorf("%d bytes of %d, %v", len(data), b.Size, err)
	}
	return data
}

func put(t *testing.T, q *Queue, page, clip []byte) Item {
	t.Helper()
	item, err := q.Put(context.Background(),
		Item{At: time.Now().UTC().Round(0), Check: "chk_1", Session: session, Name: "Jane Doe"}, memory(page), memory(clip))
	if err != nil {
		t.Fatal(err)
	}
	return item
}

func TestKeptAndOpened(t *testing.T) {
	q := queue(t)
	page, clip := noise(100_000), noise(3_000_001)
	item := put(t, q, page, clip)
	got, gotPage, gotClip, err := q.Open(context.Background(), item.ID)
	if err != nil || got != item || gotPage.MediaType != "image/png" {
		t.Fatalf("%v, %+v, want %+v", err, got, item)
	}
	for range 2 { // more than once
		if !bytes.Equal(all(t, gotPage), page) || !bytes.Equal(all(t, gotClip), clip) {
			t.Error("the files are not those that were kept")
		}
	}
	// Without a video, too.
	second, err := q.Put(context.Background(), Item{At: item.At.Add(time.Second), Session: session}, memory(page),
		matcher.Blob{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, clip, err := q.Open(context.Background(), second.ID); err != nil || clip.Open != nil {
		t.Errorf("%v, a video came from nowhere", err)
	}
	items, broken, err := q.List(context.Background())
	if err != nil || broken != 0 || len(items) != 2 || items[0] != item || items[1] != second {
		t.Errorf("%v, %d broken, %+v", err, broken, items)
	}
	if err := errors.Join(q.Remove(item.ID), q.Remove(item.ID)); err != nil {
		t.Error(err)
	}
	if _, _, _, err := q.Open(context.Background(), item.ID); key(err) != "queue.gone" {
		t.Error(err)
	}
	for _, id := range []string{"", "../kept_x", "kept_" + strings.Repeat("/", 36)} {
		if _, _, _, err := q.Open(context.Background(), id); key(err) != "queue.gone" {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestNothingLiesOpen(t *testing.T) {
	q := queue(t)
	item := put(t, q, bytes.Repeat([]byte("the page of it"), 1000), bytes.Repeat([]byte("the clip of it"), 1000))
	files, err := os.ReadDir(q.dir)
	if err != nil || len(files) != 1 {
		t.Fatal(err, files)
	}
	raw, err := os.ReadFile(filepath.Join(q.dir, files[0].Name()))
	if err != nil {
		t.Fatal(err)
	}
	for _, clear := range []string{"the page", "the clip", "Jane", session, item.Check, "a key of"} {
		if bytes.Contains(raw, []byte(clear)) {
			t.Errorf("%q can be read", clear)
		}
	}
	if info, _ := files[0].Info(); info.Mode() != 0o600 {
		t.Errorf("rights %v", info.Mode())
	}
	if info, _ := os.Stat(q.dir); info.Mode().Perm() != 0o700 {
		t.Errorf("the folder's rights %v", info.Mode())
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	q := queue(t)
	item := put(t, q, noise(1000), noise(200_000))
	path := filepath.Join(q.dir, item.ID+suffix)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"cut":     good[:len(good)/2],
		"changed": append(bytes.Clone(good[:len(good)-100]), noise(100)...),
		"longer":  append(bytes.Clone(good), 0),
	} {
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := q.Open(context.Background(), item.ID); key(err) != "queue.broken" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.WriteFile(path, good[:50], 0o600); err != nil {
		t.Fatal(err)
	}
	if items, broken, err := q.List(context.Background()); err != nil || broken != 1 || len(items) != 0 {
		t.Errorf("%v, %d broken, %+v", err, broken, items)
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	q.key = func(context.Context) ([]byte, error) { return []byte("another"), nil }
	if items, broken, _ := q.List(context.Background()); broken != 1 || len(items) != 0 {
		t.Errorf("another key opens %+v", items)
	}
	// A file under another's name is not taken for it.
	other := "kept_0f8b2c1e-7a4d-4f7e-9c39-2b1d5a6e8f01"
	if err := os.Rename(path, filepath.Join(q.dir, other+suffix)); err != nil {
		t.Fatal(err)
	}
	q.key = queue(t).key
	if _, _, _, err := q.Open(context.Background(), other); key(err) != "queue.broken" {
		t.Error(err)
	}
	if items, broken, _ := q.List(context.Background()); broken != 1 || len(items) != 0 {
		t.Errorf("%d broken, %+v", broken, items)
	}
}

func TestPutLeavesAllOrNothing(t *testing.T) {
	q := queue(t)
	fails := matcher.Blob{Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(bytes.NewReader(noise(100)), iotestErr{})), nil
	}}
	if _, err := q.Put(context.Background(), Item{Session: session}, memory(noise(10)),
		fails); key(err) != "queue.unreadable" {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := q.Put(ctx, Item{Session: session}, memory(noise(10)), memory(noise(10))); !errors.Is(err,
		context.Canceled) {
		t.Error(err)
	}
	calls := 0
	changes := matcher.Blob{Open: func() (io.ReadCloser, error) {
		calls++
		return io.NopCloser(bytes.NewReader(noise(100 * calls))), nil
	}}
	if _, err := q.Put(context.Background(), Item{Session: session}, memory(noise(10)),
		changes); key(err) != "queue.unwritable" {
		t.Error(err)
	}
	if files, err := os.ReadDir(q.dir); err == nil && len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, errors.New("i/o error") }

func TestOneSendsAtATime(t *testing.T) {
	q := queue(t)
	release, err := q.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(q.dir, q.key).Lock(); key(err) != "queue.busy" {
		t.Error(err)
	}
	release()
	release, err = q.Lock()
	if err != nil {
		t.Fatal(err)
	}
	release()
}

func TestSweepTakesWhatWasLeftHalfWritten(t *testing.T) {
	q := queue(t)
	item := put(t, q, noise(10), noise(10))
	half := filepath.Join(q.dir, "."+item.ID+suffix+"123")
	if err := os.WriteFile(half, noise(10), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := q.Sweep(time.Now().Add(-time.Hour)); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(half); err != nil {
		t.Error("what is being written was removed")
	}
	if err := q.Sweep(time.Now().Add(time.Hour)); err != nil {
		t.Error(err)
	}
	if items, _, _ := q.List(context.Background()); len(items) != 1 {
		t.Error("a kept check was removed")
	}
	if _, err := os.Stat(half); err == nil {
		t.Error("half a file is still there")
	}
}

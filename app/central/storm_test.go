package central_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"facematch/app/central"
	"facematch/app/history"
	storecentral "facematch/store/central"
	"facematch/store/central/centraltest"
)

// memory is a desk's history in memory.
type memory struct {
	mu    sync.Mutex
	chain *centraltest.Chain
	acked history.Head
	back  int // how often the acknowledged head went back
}

func (m *memory) ID() string { return m.chain.History }

func (m *memory) Head(context.Context) (history.Head, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.chain.Head(), nil
}

func (m *memory) Parcel(_ context.Context, after int64, most int, _ history.Sends) (history.Parcel, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.chain.Parcel(min(after, m.chain.Seq()), most), nil
}

func (m *memory) Hashes(_ context.Context, seqs []int64) ([][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	hashes := make([][]byte, len(seqs))
	for i, seq := range seqs {
		if seq >= 1 && seq <= m.chain.Seq() {
			hashes[i] = m.chain.Records[seq-1].Hash
		}
	}
	return hashes, nil
}

func (m *memory) Acknowledge(_ context.Context, h history.Head) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h.Seq < m.acked.Seq {
		m.back++
	}
	m.acked = h
	return nil
}

func (m *memory) Acknowledged(context.Context) (history.Head, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.acked, nil
}

func (m *memory) fill(records int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.chain.Fill(records)
}

func pusher(o central.Outbox, l central.Link) *central.Pusher {
	return central.New(central.Params{
		Outbox: o, Link: l, Chosen: func() bool { return true }, Sends: func() history.Sends { return history.Sends{} },
		About: func() map[string]string { return map[string]string{"program": "1.0"} },
		Log:   slog.New(slog.DiscardHandler), Now: time.Now,
	})
}

// cutter is a proxy that cuts connections after a random number of bytes, as long as it is
// to.
type cutter struct {
	net.Listener
	to   string
	on   atomic.Bool
	cuts atomic.Int64
}

func newCutter(t *testing.T, to string) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{Listener: l, to: to}
	c.on.Store(true)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go c.serve(in)
		}
	}()
	return c
}

func (c *cutter) serve(in net.Conn) {
	defer in.Close()
	out, err := net.Dial("tcp", c.to)
	if err != nil {
		return
	}
	defer out.Close()
	left := int64(1) << 62
	if c.on.Load() && rand.IntN(3) > 0 { // from the handshake to the middle of a large push
		left = 1 + rand.Int64N(1<<(8+rand.IntN(12)))
	}
	answers := make(chan struct{})
	go func() {
		defer close(answers)
		_, _ = io.Copy(in, out)
		_ = in.Close()
	}()
	if n, _ := io.CopyN(out, in, left); n == left {
		c.cuts.Add(1)
	}
	_ = out.Close()
	<-answers
}

// TestStorm has desks push side by side while PostgreSQL is killed and connections are cut at
// random bytes: nothing is lost, doubled or out of order. FACEMATCH_SOAK=1 does it with 20
// desks, 20 kills and at least 200 cuts.
func TestStorm(t *testing.T) {
	desks, records, kills, cuts := 6, 300, 2, int64(20)
	if os.Getenv("FACEMATCH_SOAK") != "" {
		desks, records, kills, cuts = 20, 3000, 20, 200
	}
	server := centraltest.Start(t, true)
	database, admin := server.Centre(t)
	proxy := newCutter(t, fmt.Sprint("127.0.0.1:", server.Port))
	dir := t.TempDir()
	var all []*memory
	var pushers []*central.Pusher
	for i := range desks {
		m := &memory{chain: centraltest.NewChain(uint64(i))}
		role := fmt.Sprint("storm_", i)
		centraltest.Desk(t, admin, m.chain.History, role, fmt.Sprint("Desk ", i), fmt.Sprint("branch ", i%5))
		cert, key := server.Certificate(t, role, dir, role)
		address := storecentral.Address{Host: proxy.Addr().String(), Database: database, CA: server.CA, Cert: cert, Key: key}
		l := storecentral.LinkTo(m.chain.History, func() storecentral.Address { return address })
		defer l.Close()
		all, pushers = append(all, m), append(pushers, pusher(m, l))
	}
	storm, failed := make(chan struct{}), atomic.Int64{}
	var working sync.WaitGroup
	for i, m := range all {
		working.Go(func() {
			for ended := false; ; {
				m.fill(min(records, int(m.chain.Seq())+1+rand.IntN(60)))
				if err := pushers[i].Push(context.Background()); err != nil {
					failed.Add(1)
				}
				select {
				case <-storm:
					ended = true
				case <-time.After(time.Duration(rand.IntN(20)) * time.Millisecond):
				}
				if ended {
					return
				}
			}
		})
	}
	for n := 0; n < kills || proxy.cuts.Load() < cuts; n++ {
		time.Sleep(time.Duration(300+rand.IntN(1200)) * time.Millisecond)
		if n < kills {
			server.Kill(t)
			time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
			server.Go(t)
		}
	}
	close(storm)
	working.Wait()
	proxy.on.Store(false)
	admin = server.Connect(t, database, "postgres")
	for i, m := range all {
		m.fill(records)
		// The connection that was left may be one that is cut.
		var err error
		for range 5 {
			if err = pushers[i].Push(t.Context()); err == nil {
				break
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if m.acked.Hash != m.chain.Head().Hash || m.back > 0 {
			t.Errorf("desk %d ends at %d, and the centre acknowledged %d (back %d times)", i, m.chain.Seq(), m.acked.Seq, m.back)
		}
		rows, err := admin.Query(t.Context(), `SELECT seq, payload FROM facematch.record r JOIN facematch.chain c ON c.id = r.chain
			WHERE c.history = $1 ORDER BY seq, r.epoch`, m.chain.History)
		if err != nil {
			t.Fatal(err)
		}
		n := int64(0)
		for rows.Next() {
			var seq int64
			var payload []byte
			if err := rows.Scan(&seq, &payload); err != nil {
				t.Fatal(err)
			}
			if n++; seq != n || !bytes.Equal(payload, m.chain.Records[n-1].Payload) {
				t.Fatalf("desk %d: record %d stands at place %d", i, seq, n)
			}
		}
		if rows.Err() != nil || n != m.chain.Seq() {
			t.Errorf("desk %d: the centre has %d records of %d, %v", i, n, m.chain.Seq(), rows.Err())
		}
	}
	v, err := storecentral.Verify(t.Context(), admin, nil)
	if err != nil || !v.Intact || v.Chains != desks {
		t.Errorf("%d faults, %v", len(v.Faults), err)
	}
	t.Logf("%d desks, %d records, PostgreSQL killed %d times, %d connections cut, %d pushes failed",
		desks, v.Records, kills, proxy.cuts.Load(), failed.Load())
}

// TestDeskKilled kills a desk's process in the middle of pushes; another goes on.
func TestDeskKilled(t *testing.T) {
	const records = 4000
	made := func() *memory { // the same in each process
		c := centraltest.NewChain(77)
		c.At = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
		return &memory{chain: c.Fill(records)}
	}
	if dsn := os.Getenv("FACEMATCH_PUSH"); dsn != "" { // the desk
		m := made()
		_ = pusher(m, centraltest.LinkAt(dsn, m.chain.History)).Push(context.Background())
		select {}
	}
	server := centraltest.Start(t, false)
	database, admin := server.Centre(t)
	m := made()
	centraltest.Desk(t, admin, m.chain.History, "killed", "Desk", "north")
	at := int64(0)
	for n := range 8 {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestDeskKilled$")
		cmd.Env = append(os.Environ(), "FACEMATCH_PUSH="+server.DSN(database, "killed"))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Until it pushes, and a little longer.
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
			var head int64
			if err := admin.QueryRow(t.Context(), `SELECT head_seq FROM facematch.chain`).Scan(&head); err != nil {
				t.Fatal(err)
			}
			if head > at || head == m.chain.Seq() {
				at = head
				break
			}
		}
		time.Sleep(time.Duration(n*7) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
	}
	if err := pusher(m, centraltest.LinkAt(server.DSN(database, "killed"),
		m.chain.History)).Push(t.Context()); err != nil {
		t.Fatal(err)
	}
	v, err := storecentral.Verify(t.Context(), admin, nil)
	if err != nil || !v.Intact || v.Records != m.chain.Seq() || m.acked.Hash != m.chain.Head().Hash {
		t.Errorf("%+v, %v", v, err)
	}
}

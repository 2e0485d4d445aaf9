package camera

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"facematch/app/apptest/need"
)

// rtspcam is a network camera that speaks RTSP over TCP (RFC 2326): FFmpeg makes
// its H.264 as RTP, and it wraps that for each viewer.
type rtspcam struct {
	t       *testing.T
	address string // host:port, kept over a restart
	sdp     string

	mu      sync.Mutex
	server  net.Listener
	viewers map[net.Conn]bool // whether it plays
	mute    bool              // plays nothing, without closing
}

func startRTSPcam(t *testing.T) *rtspcam {
	t.Helper()
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		need.Missing(t, "ffmpeg is not installed")
	}
	packets, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { packets.Close() })
	cmd := exec.Command(ffmpeg, "-nostdin", "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=15",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "12", "-pix_fmt", "yuv420p", "-bsf:v",
		"dump_extra",
		"-f", "rtp", fmt.Sprintf("rtp://%s?pkt_size=1400", packets.LocalAddr()))
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	c := &rtspcam{t: t, address: "127.0.0.1:0", viewers: map[net.Conn]bool{}}
	c.sdp = sdpFrom(t, said)
	go c.relay(packets)
	c.start()
	t.Cleanup(c.kill)
	return c
}

// sdpFrom reads the description FFmpeg prints, up to its last line.
func sdpFrom(t *testing.T, from io.Reader) string {
	t.Helper()
	var sdp strings.Builder
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "SDP:" || line == "" {
			continue
		}
		if strings.HasPrefix(line, "m=video") {
			line = "m=video 0 RTP/AVP 96"
		}
		sdp.WriteString(line + "\r\n")
		if strings.HasPrefix(line, "a=fmtp") {
			break
		}
	}
	return sdp.String() + "a=control:track\r\n"
}

func (c *rtspcam) url() string { return "rtsp://" + c.address + "/live" }

// start begins to answer, on the same port as before.
func (c *rtspcam) start() {
	c.t.Helper()
	l, err := net.Listen("tcp", c.address)
	if err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	c.address, c.server = l.Addr().String(), l
	c.mu.Unlock()
	go func() {
		for {
			viewer, err := l.Accept()
			if err != nil {
				return
			}
			c.mu.Lock()
			c.viewers[viewer] = false
			c.mu.Unlock()
			go c.serve(viewer)
		}
	}()
}

// kill ends all connections and stops answering.
func (c *rtspcam) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.server.Close()
	for v := range c.viewers {
		v.Close()
		delete(c.viewers, v)
	}
}

func (c *rtspcam) setMute(mute bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mute = mute
}

// relay sends each packet to all who play.
func (c *rtspcam) relay(packets *net.UDPConn) {
	b := make([]byte, 1<<16)
	for {
		n, err := packets.Read(b[4:])
		if err != nil {
			return
		}
		b[0], b[1], b[2], b[3] = '$', 0, byte(n>>8), byte(n) // RFC 2326, 10.12
		c.mu.Lock()
		for v, plays := range c.viewers {
			if plays && !c.mute {
				v.Write(b[:4+n])
			}
		}
		c.mu.Unlock()
	}
}

func (c *rtspcam) serve(viewer net.Conn) {
	defer viewer.Close()
	in := textproto.NewReader(bufio.NewReader(viewer))
	for {
		first, err := in.R.Peek(1)
		if err != nil {
			return
		}
		if first[0] == '$' { // the viewer's own reports, which nobody reads
			head := make([]byte, 4)
			if _, err := io.ReadFull(in.R, head); err != nil {
				return
			}
			if _, err := in.R.Discard(int(head[2])<<8 | int(head[3])); err != nil {
				return
			}
			continue
		}
		line, err := in.ReadLine()
		if err != nil {
			return
		}
		fields, err := in.ReadMIMEHeader()
		if err != nil {
			return
		}
		method, _, _ := strings.Cut(line, " ")
		head, body := "", ""
		switch method {
		case "OPTIONS":
			head = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
		case "DESCRIBE":
			head, body = "Content-Base: "+c.url()+"/\r\nContent-Type: application/sdp\r\n", c.sdp
		case "SETUP":
			head = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
		case "PLAY":
			head = "Session: 1\r\n"
		}
		c.mu.Lock() // so that the answer does not end up inside a packet
		_, err = fmt.Fprintf(viewer, "RTSP/1.0 200 OK\r\nCSeq: %s\r\n%sContent-Length: %d\r\n\r\n%s", fields.Get("CSeq"),
			head, len(body), body)
		if _, there := c.viewers[viewer]; there && method == "PLAY" {
			c.viewers[viewer] = true
		}
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

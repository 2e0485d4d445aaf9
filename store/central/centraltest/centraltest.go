// Package centraltest starts a PostgreSQL of its own for the tests of several packages, with
// TLS on 127.0.0.1 and a socket in its folder, and makes certificates for desks.
package centraltest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"facematch/app/apptest/need"
	"facematch/store/central"
)

// bin is where Debian's PostgreSQL lies; another may be in the path.
const bin = "/usr/lib/postgresql/15/bin/"

// Server is a PostgreSQL that runs until the test ends.
type Server struct {
	Dir       string // its folder, with its socket
	Port      int    // on 127.0.0.1, with TLS
	CA        string // file of the authority of all certificates
	authority *x509.Certificate
	key       *ecdsa.PrivateKey
	as        *syscall.Credential // nil: the user of the test
	durable   bool
	process   *exec.Cmd
	databases atomic.Int32
}

// Start makes and starts a server. Durable is whether it waits for the disk, as tests of what
// a crash leaves need. Without Debian's PostgreSQL 15 the test is skipped.
func Start(t testing.TB, durable bool) *Server {
	t.Helper()
	if _, err := os.Stat(bin + "initdb"); err != nil {
		need.Missing(t, "PostgreSQL 15 is not installed")
	}
	// Not t.TempDir, which other users cannot enter.
	dir, err := os.MkdirTemp("", "facematch-centre-")
	must(t, err)
	s := &Server{Dir: dir, durable: durable}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Geteuid() == 0 { // PostgreSQL refuses to run as root
		u, err := user.Lookup("postgres")
		must(t, err)
		uid, err := strconv.Atoi(u.Uid)
		must(t, err)
		gid, err := strconv.Atoi(u.Gid)
		must(t, err)
		s.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		must(t, os.Chown(dir, uid, gid))
	}
	s.run(t, "initdb", "-D", s.data(), "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale", "C.UTF-8")
	s.certificates(t)
	must(t, os.WriteFile(filepath.Join(s.data(), "pg_hba.conf"), []byte("local all all trust\n"+
		"hostssl all +facematch_desk 127.0.0.1/32 cert\nhostssl all +facematch_auditor 127.0.0.1/32 cert\n"), 0o644))
	free, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s.Port = free.Addr().(*net.TCPAddr).Port
	must(t, free.Close())
	s.Go(t)
	t.Cleanup(func() { s.Kill(t) })
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *Server) data() string { return filepath.Join(s.Dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(bin+name, args...)
	cmd.Dir = s.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as, Setpgid: true}
	return cmd
}

func (s *Server) run(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := s.command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// Go starts the server, again after Kill, and waits until it answers.
func (s *Server) Go(t testing.TB) {
	t.Helper()
	sync := "off"
	if s.durable {
		sync = "on"
	}
	// A killed one leaves its lock file; no other server has this folder.
	for _, left := range []string{filepath.Join(s.data(), "postmaster.pid"),
		filepath.Join(s.Dir, fmt.Sprintf(".s.PGSQL.%d.lock", s.Port))} {
		if err := os.Remove(left); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	s.process = s.command("postgres", "-D", s.data(), "-k", s.Dir, "-c", "listen_addresses=127.0.0.1", "-p",
		strconv.Itoa(s.Port),
		"-c", "ssl=on", "-c", "ssl_cert_file="+filepath.Join(s.Dir, "server.crt"), "-c",
		"ssl_key_file="+filepath.Join(s.Dir, "server.key"),
		"-c", "ssl_ca_file="+s.CA, "-c", "fsync="+sync, "-c", "max_connections=250", "-c", "shared_buffers=256MB",
		"-c", "max_locks_per_transaction=256")
	log, err := os.OpenFile(filepath.Join(s.Dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	must(t, err)
	defer log.Close()
	s.process.Stdout, s.process.Stderr = log, log
	must(t, s.process.Start())
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		conn, err := pgx.Connect(context.Background(), s.DSN("postgres", "postgres"))
		if err == nil {
			must(t, conn.Close(context.Background()))
			return
		}
		if time.Now().After(end) {
			text, _ := os.ReadFile(filepath.Join(s.Dir, "log"))
			t.Fatalf("PostgreSQL does not answer: %v\n%s", err, text)
		}
	}
}

// Kill ends the server and all its processes at once, as a power cut does.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if s.process == nil {
		return
	}
	// The children notice that the first process is gone only a moment later, and until
	// then they hold the shared memory.
	for _, child := range children(s.process.Process.Pid) {
		_ = syscall.Kill(child, syscall.SIGKILL)
	}
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
	s.process = nil
}

// children are the processes that a process started.
func children(of int) (pids []int) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", of, of))
	if err != nil {
		return nil
	}
	for word := range strings.FieldsSeq(string(text)) {
		if pid, err := strconv.Atoi(word); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// DSN names a database for a role, through the socket, which asks for no certificate.
func (s *Server) DSN(database, role string) string {
	return fmt.Sprintf("host=%s port=%d dbname=%s user=%s", s.Dir, s.Port, database, role)
}

// Connect connects through the socket until the test ends.
func (s *Server) Connect(t testing.TB, database, role string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), s.DSN(database, role))
	must(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// Centre makes a centre in a database of its own, and gives its name and a superuser's
// connection.
func (s *Server) Centre(t testing.TB) (database string, admin *pgx.Conn) {
	t.Helper()
	database = fmt.Sprintf("centre_%d", s.databases.Add(1))
	first := s.Connect(t, "postgres", "postgres")
	_, err := first.Exec(context.Background(), "CREATE DATABASE "+database)
	must(t, err)
	admin = s.Connect(t, database, "postgres")
	must(t, central.Init(context.Background(), admin))
	return database, admin
}

// Desk enrols a history under a role, which must be new on this server.
func Desk(t testing.TB, admin *pgx.Conn, history, role, desk, branch string) {
	t.Helper()
	for _, statement := range central.AddDesk(central.NewDesk{History: history, Role: role, Desk: desk, Branch: branch}) {
		_, err := admin.Exec(context.Background(), statement)
		must(t, err)
	}
}

// Link is a desk's link through the socket.
func (s *Server) Link(t testing.TB, database, role, history string) *central.Link {
	t.Helper()
	l := central.NewLink(history, func() (*pgx.ConnConfig, error) { return pgx.ParseConfig(s.DSN(database, role)) })
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// certificates makes the authority and the server's certificate.
func (s *Server) certificates(t testing.TB) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	made := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority"}, IsCA: true,
		BasicConstraintsValid: true,
		NotBefore:             time.Now().Add(-time.Hour), NotAfter: time.Now().Add(240 * time.Hour),
		KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, made, made, &key.PublicKey, key)
	must(t, err)
	s.authority, err = x509.ParseCertificate(der)
	must(t, err)
	s.key, s.CA = key, filepath.Join(s.Dir, "ca.crt")
	must(t, os.WriteFile(s.CA, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	s.Certificate(t, "127.0.0.1", s.Dir, "server")
}

// Certificate makes NAME.crt and NAME.key in a folder.
func (s *Server) Certificate(t testing.TB, cn, dir, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	key = filepath.Join(dir, name+".key")
	must(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	if s.as != nil {
		must(t, os.Chown(key, int(s.as.Uid), int(s.as.Gid)))
	}
	return s.Sign(t, cn, &private.PublicKey, dir, name), key
}

// Sign signs a public key as the authority, for both ends of a connection.
func (s *Server) Sign(t testing.TB, cn string, public any, dir, name string) (cert string) {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	must(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: cn}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(240 * time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, s.authority, public, s.key)
	must(t, err)
	cert = filepath.Join(dir, name+".crt")
	must(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	return cert
}

// LinkAt is a link by a connection string.
func LinkAt(dsn, history string) *central.Link {
	return central.NewLink(history, func() (*pgx.ConnConfig, error) { return pgx.ParseConfig(dsn) })
}

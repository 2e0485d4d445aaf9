package central

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"facematch/app/privatefile"
	"facematch/matcher"
)

// Enrolment is what a desk hands to the centre's administrator. None of it is secret.
type Enrolment struct {
	History string `json:"history"` // the id of its database
	Role    string `json:"role"`    // the common name of the certificate it asks for
	Request string `json:"request"` // file of the request for a certificate
	Cert    string `json:"cert"`    // where the certificate belongs
	CA      string `json:"ca"`      // where the certificate of the centre's authority belongs
}

// Files are where the key and the certificates of a desk lie.
type Files struct{ CA, Cert, Key string }

// Enrol makes a private key and a request for a certificate. Each computer has a role of its
// own, so that the one before can be retired. A key that is there stays, unless it is to be
// replaced; then it is put aside with its certificate under a dated name.
func Enrol(at Files, history string, replace bool, now time.Time) (Enrolment, error) {
	e := Enrolment{History: history, Cert: at.Cert, CA: at.CA, Request: filepath.Join(filepath.Dir(at.Key), "desk.csr")}
	random := make([]byte, 3)
	_, _ = rand.Read(random) // never fails: it ends the program instead
	e.Role = fmt.Sprintf("desk_%s_%s", history[:min(8, len(history))], hex.EncodeToString(random))
	unwritable := func(err error) (Enrolment, error) {
		return Enrolment{}, matcher.NewProblem("central.key_unwritten", err)
	}
	if err := os.MkdirAll(filepath.Dir(at.Key), 0o700); err != nil {
		return unwritable(err)
	}
	if _, err := os.Lstat(at.Key); err == nil {
		if !replace {
			return Enrolment{}, matcher.NewProblem("central.enrolled", nil)
		}
		aside := ".replaced-" + now.Format("20060102-150405")
		for _, file := range []string{at.Cert, at.Key} {
			if err := os.Rename(file, file+aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return unwritable(err)
			}
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Enrolment{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Enrolment{}, err
	}
	request, err := x509.CreateCertificateRequest(rand.Reader,
		&x509.CertificateRequest{Subject: pkix.Name{CommonName: e.Role}}, key)
	if err != nil {
		return Enrolment{}, err
	}
	err = errors.Join(
		privatefile.Write(at.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		privatefile.Write(e.Request, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request})))
	if err != nil {
		return unwritable(err)
	}
	return e, nil
}

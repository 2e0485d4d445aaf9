// Package sshsig makes and checks signatures in the form of "ssh-keygen -Y sign", which
// OpenSSH describes in PROTOCOL.sshsig. Only Ed25519 keys are used.
package sshsig

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/pem"
	"errors"

	"golang.org/x/crypto/ssh"
)

const (
	magic  = "SSHSIG"
	block  = "SSH SIGNATURE"
	number = 1
)

// ErrKey is the error of a text that is not an Ed25519 key in OpenSSH's form.
var ErrKey = errors.New("not an Ed25519 key of OpenSSH's form")

// ErrSignature is the error of a signature that is not one of this text by this key.
var ErrSignature = errors.New("not a signature of this text by this key")

// signed is what the key signs: the text's digest, and what the signature is for.
type signed struct {
	Namespace, Reserved, Hash string
	Sum                       []byte
}

// envelope is what stands in the PEM block, after the magic.
type envelope struct {
	Version                   uint32
	Key                       []byte
	Namespace, Reserved, Hash string
	Signature                 []byte
}

// Sign signs a text by its SHA-256. The namespace says what the signature is for, so that one
// of another purpose does not pass for it.
func Sign(key ed25519.PrivateKey, namespace string, sum [sha256.Size]byte) ([]byte, error) {
	const hash = "sha256"
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return nil, err
	}
	signature, err := signer.Sign(nil, append([]byte(magic), ssh.Marshal(signed{namespace, "", hash, sum[:]})...))
	if err != nil {
		return nil, err
	}
	blob := append([]byte(magic), ssh.Marshal(envelope{
		number, signer.PublicKey().Marshal(), namespace, "", hash, ssh.Marshal(signature),
	})...)
	return pem.EncodeToMemory(&pem.Block{Type: block, Bytes: blob}), nil
}

// Verify checks a signature of a text. The error is ErrSignature.
func Verify(key ed25519.PublicKey, namespace string, text, signature []byte) error {
	public, err := ssh.NewPublicKey(key)
	if err != nil {
		return ErrKey
	}
	found, _ := pem.Decode(signature)
	if found == nil || found.Type != block {
		return ErrSignature
	}
	blob, ours := bytes.CutPrefix(found.Bytes, []byte(magic))
	var e envelope
	if !ours || ssh.Unmarshal(blob, &e) != nil || e.Version != number || e.Namespace != namespace ||
		!bytes.Equal(e.Key, public.Marshal()) {
		return ErrSignature
	}
	var sum []byte
	switch e.Hash {
	case "sha256":
		digest := sha256.Sum256(text)
		sum = digest[:]
	case "sha512": // as ssh-keygen signs
		digest := sha512.Sum512(text)
		sum = digest[:]
	default:
		return ErrSignature
	}
	var s ssh.Signature
	if ssh.Unmarshal(e.Signature, &s) != nil ||
		public.Verify(append([]byte(magic), ssh.Marshal(signed{namespace, "", e.Hash, sum})...), &s) != nil {
		return ErrSignature
	}
	return nil
}

// ParsePublic reads a public key as ssh-keygen writes it: "ssh-ed25519 AAAA…", and perhaps a
// comment. The error is ErrKey.
func ParsePublic(line string) (ed25519.PublicKey, error) {
	public, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil || len(bytes.TrimSpace(rest)) > 0 {
		return nil, ErrKey
	}
	wrapped, ok := public.(ssh.CryptoPublicKey)
	if !ok {
		return nil, ErrKey
	}
	key, ok := wrapped.CryptoPublicKey().(ed25519.PublicKey)
	if !ok {
		return nil, ErrKey
	}
	return key, nil
}

// Fingerprint names a public key, as ssh-keygen -l does.
func Fingerprint(key ed25519.PublicKey) string {
	public, err := ssh.NewPublicKey(key)
	if err != nil {
		return "" // it has another length than a key
	}
	return ssh.FingerprintSHA256(public)
}

// ParsePrivate reads a private key as ssh-keygen writes it. Where a passphrase protects it,
// ask gives that. The error is ErrKey, or that of ask.
func ParsePrivate(data []byte, ask func() (string, error)) (ed25519.PrivateKey, error) {
	parsed, err := ssh.ParseRawPrivateKey(data)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		passphrase, asked := ask()
		if asked != nil {
			return nil, asked
		}
		parsed, err = ssh.ParseRawPrivateKeyWithPassphrase(data, []byte(passphrase))
	}
	key, ok := parsed.(*ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, ErrKey
	}
	return *key, nil
}

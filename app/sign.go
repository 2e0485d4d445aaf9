package app

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"

	"facematch/app/access"
	"facematch/app/export"
	"facematch/app/history"
	"facematch/matcher"
)

// Signer has the key that exports are signed with.
type Signer interface {
	// SigningKey's problem is history.KeyNoKey while there is none.
	SigningKey(ctx context.Context) (ed25519.PrivateKey, error)
}

// SigningKey is the public half of the key that this desk's exports are signed with.
type SigningKey struct {
	Fingerprint string `json:"fingerprint"`
	Line        string `json:"allowed_signer"` // for ssh-keygen's file of allowed signers
}

// SigningKey gives the key that this desk's exports are signed with. The problems are
// history.KeyNoKey before the first check, those of the key of sealed parts, and those of Allow.
func (d *Desk) SigningKey(ctx context.Context) (SigningKey, error) {
	if err := d.Allow(ctx, access.History); err != nil {
		return SigningKey{}, err
	}
	key, err := d.p.History.SigningKey(ctx)
	if err != nil {
		return SigningKey{}, err
	}
	return publicOf(key)
}

func publicOf(key ed25519.PrivateKey) (of SigningKey, err error) {
	public := key.Public().(ed25519.PublicKey)
	if of.Fingerprint, err = export.Fingerprint(public); err == nil {
		of.Line, err = export.SignerLine(public)
	}
	return of, err
}

// signing readies the signature of an export. Where the key is not to be had, the export goes
// out unsigned, and says why: an auditor may need it most just then.
func (e *exporting) signing(ctx context.Context, signer Signer) {
	key, err := signer.SigningKey(ctx)
	if err == nil {
		var of SigningKey
		if of, err = publicOf(key); err == nil {
			e.key, e.about.Signer = key, of.Fingerprint
			return
		}
	}
	e.unsigned = matcher.AsProblem(err, history.KeyNoKey)
}

// sign signs the closed file.
func (e *exporting) sign(file *export.File, digest string) error {
	if e.key == nil {
		return nil
	}
	sum, err := hex.DecodeString(digest)
	if err != nil {
		return err
	}
	signature, err := export.Signature(e.key, [sha256.Size]byte(sum))
	if err == nil {
		file.Sign(signature)
	}
	return err
}

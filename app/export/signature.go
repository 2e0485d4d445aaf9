package export

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"

	"golang.org/x/crypto/ssh"

	"facematch/app/sshsig"
)

// SignatureEnding ends the name of the file with an export's signature, which
// "ssh-keygen -Y verify" checks.
const SignatureEnding = ".sig"

// SignatureNamespace says what the signatures are for, so that none of another purpose passes
// for one. SignaturePrincipal is the name of the key in a file of allowed signers.
const (
	SignatureNamespace = "facematch-export"
	SignaturePrincipal = "facematch"
)

// Fingerprint names a key as ssh-keygen does.
func Fingerprint(key ed25519.PublicKey) (string, error) {
	public, err := ssh.NewPublicKey(key)
	if err != nil {
		return "", err
	}
	return ssh.FingerprintSHA256(public), nil
}

// SignerLine is a key as a line of ssh-keygen's file of allowed signers.
func SignerLine(key ed25519.PublicKey) (string, error) {
	public, err := ssh.NewPublicKey(key)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s namespaces=%q %s", SignaturePrincipal, SignatureNamespace,
		bytes.TrimSpace(ssh.MarshalAuthorizedKey(public))), nil
}

// Signature signs a file by its SHA-256, in the form of "ssh-keygen -Y sign".
func Signature(key ed25519.PrivateKey, sum [sha256.Size]byte) ([]byte, error) {
	return sshsig.Sign(key, SignatureNamespace, sum)
}

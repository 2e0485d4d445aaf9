package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
)

// keySize is the length of every key in bytes: AES-256.
const keySize = 32

// The parts of a record that are sealed.
const (
	partName   = "name"   // the person's name, with "started"
	partAnswer = "answer" // the answer's body, with "finished"
	partNote   = "note"   // the operator's own words, with "decided"
)

var errSealBroken = errors.New("a sealed part has no valid form")

// part is a personal part of a record in clear.
type part struct {
	name  string
	clear []byte
}

// sealedPart is a part as it is stored.
type sealedPart struct {
	name              string
	nonce, ciphertext []byte
}

// newKey makes a random key.
func newKey() []byte {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails: it ends the program instead (crypto/rand)
	return key
}

// binding ties a ciphertext to its place, so that it opens nowhere else. JSON
// keeps the words apart whatever they hold.
func binding(words ...string) []byte {
	b, _ := json.Marshal(words) // strings cannot fail
	return b
}

func gcm(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// seal encrypts with AES-256-GCM under a fresh random nonce.
func seal(key, clear, bound []byte) (nonce, ciphertext []byte, err error) {
	aead, err := gcm(key)
	if err != nil {
		return nil, nil, err
	}
	nonce = make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce)
	return nonce, aead.Seal(nil, nonce, clear, bound), nil
}

// unseal opens what seal made, with the same binding.
func unseal(key, nonce, ciphertext, bound []byte) ([]byte, error) {
	aead, err := gcm(key)
	if err != nil {
		return nil, err
	}
	if len(nonce) != aead.NonceSize() {
		return nil, errSealBroken // Open panics on it
	}
	return aead.Open(nil, nonce, ciphertext, bound)
}

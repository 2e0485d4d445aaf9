// Package seal encrypts the personal parts of records, and derives keys.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
)

// KeySize is the length of every key in bytes: AES-256.
const KeySize = 32

// Overhead is by how many bytes a ciphertext is longer than its text.
const Overhead = 16

// The parts of a record that are sealed.
const (
	Name   = "name"   // the person's name, with "started"
	Answer = "answer" // the answer's body, with "finished"
	Note   = "note"   // the operator's own words, with "decided" and "inspected"

	Reference = "reference" // the customer's own, with "started"

	// What the document says of its holder, with "finished"; history.PartFields is both.
	Fields = "fields" // history.Fields without the number, as JSON
	Number = "number" // of the document; only where the settings keep it

	// Only where the settings keep pictures; history.PartImages is both.
	Document = "document" // the portrait as JPEG, with "finished"
	Frame    = "frame"    // the person as JPEG, with "finished"
)

var errBroken = errors.New("a sealed part has no valid form")

// Clear is a personal part of a record before it is encrypted.
type Clear struct {
	Name string
	Text []byte
}

// Part is a part as it is stored.
type Part struct {
	Name              string
	Nonce, Ciphertext []byte
}

// NewKey makes a random key.
func NewKey() []byte {
	key := make([]byte, KeySize)
	_, _ = rand.Read(key) // never fails: it ends the program instead (crypto/rand)
	return key
}

// Binding ties a ciphertext to its place, so that it opens nowhere else. JSON keeps
// the words apart whatever they hold.
func Binding(words ...string) []byte {
	b, _ := json.Marshal(words) // strings cannot fail
	return b
}

// PartBinding is the binding of a part of a check.
func PartBinding(session, check, part string) []byte {
	return Binding("facematch sealed part", session, check, part)
}

// KeyBinding is the binding of a session's key.
func KeyBinding(database, session string) []byte {
	return Binding("facematch session key", database, session)
}

// GCM gives AES-256-GCM under a key.
func GCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Seal encrypts with AES-256-GCM under a fresh random nonce.
func Seal(key, text, binding []byte) (nonce, ciphertext []byte, err error) {
	aead, err := GCM(key)
	if err != nil {
		return nil, nil, err
	}
	nonce = make([]byte, aead.NonceSize())
	_, _ = rand.Read(nonce)
	return nonce, aead.Seal(nil, nonce, text, binding), nil
}

// Open decrypts what Seal made, with the same binding.
func Open(key, nonce, ciphertext, binding []byte) ([]byte, error) {
	aead, err := GCM(key)
	if err != nil {
		return nil, err
	}
	if len(nonce) != aead.NonceSize() {
		return nil, errBroken // AEAD.Open panics on it
	}
	return aead.Open(nil, nonce, ciphertext, binding)
}

// Derive makes a key for another purpose from the master key of a database.
func Derive(master []byte, database, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, master, nil, string(Binding("facematch derived key", database, purpose)), KeySize)
}

package settings

import (
	"path/filepath"
	"strings"
	"unicode"

	"facematch/app/history"
	"facematch/app/sshsig"
	"facematch/matcher"
)

// Central is where the records of all desks come together, and what leaves this desk
// besides. The private key stays in its file.
type Central struct {
	Host     string `toml:"host" comment:"host or host:port of the PostgreSQL to which this desk pushes its records; empty: it keeps them alone"`
	Database string `toml:"database" comment:"the centre's database"`
	CAFile   string `toml:"ca_file" comment:"PEM file of the authority that signed the centre's certificate; empty: ca.crt in the folder central beside these settings"`
	CertFile string `toml:"cert_file" comment:"PEM file of this desk's certificate; empty: desk.crt there"`
	KeyFile  string `toml:"key_file" comment:"PEM file of its private key; empty: desk.key there"`
	Push     bool   `toml:"push" comment:"this desk pushes its records there; false: this computer only reads the centre, with an auditor's certificate"`
	Images   bool   `toml:"images" comment:"kept pictures go to the centre too, sealed"`
	Answers  bool   `toml:"answers" comment:"the answers' bodies go to the centre too, sealed"`
	Recovery bool   `toml:"recovery" comment:"what the recovery passphrase opens goes to the centre too, which could then try passphrases"`

	OperatorsKey    string `toml:"operators_key" comment:"public Ed25519 key, as ssh-keygen writes it, that signs the list of operators which this desk takes from the centre; empty: this desk keeps a list of its own"`
	OperatorsBranch string `toml:"operators_branch" comment:"branch whose list this desk takes, as the centre calls it; empty: only a list for all branches"`
	OperatorsDays   int    `toml:"operators_days" comment:"days without a contact with the centre after which only administrators sign in, and its tokens are refused; 0: never"`

	AuditRecipient string `toml:"audit_recipient" comment:"public keys of the auditors (age1...), who can then read the names of sessions at the centre; needs auditors, and a wording that names them"`
	Auditors       string `toml:"auditors" comment:"who they are, as persons read it in the wording of the consent, in place of {auditors}"`
}

// KeyCentralFile is the problem of a file of the centre's without its whole path; parameter
// Name. KeyCentralHost is the problem of a host that is not a valid name, KeyOperatorsKey that
// of an invalid key of the list of operators, KeyOperatorsAlone that of such a key in a desk
// that does not push, and KeyOperatorsDays that of an invalid number of days; parameter Max.
const (
	KeyCentralFile    = "settings.central_file"
	KeyCentralHost    = "settings.central_host"
	KeyOperatorsKey   = "settings.operators_key"
	KeyOperatorsAlone = "settings.operators_alone"
	KeyOperatorsDays  = "settings.operators_days"
)

// On reports whether there is a centre.
func (c Central) On() bool { return c.Host != "" }

// Pushes reports whether this desk pushes its records there.
func (c Central) Pushes() bool { return c.On() && c.Push }

// OperatorsFromCentre reports whether the list of operators comes from the centre.
func (c Central) OperatorsFromCentre() bool { return c.OperatorsKey != "" }

// Sends is what leaves this desk besides.
func (c Central) Sends() history.Sends {
	return history.Sends{Images: c.Images, Answers: c.Answers, Recovery: c.Recovery}
}

func (c Central) check() error {
	if strings.ContainsFunc(c.Host, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("/@?#=", r) }) {
		return matcher.NewProblem(KeyCentralHost, nil)
	}
	for name, file := range map[string]string{"ca_file": c.CAFile, "cert_file": c.CertFile, "key_file": c.KeyFile} {
		if file != "" && !filepath.IsAbs(file) {
			return matcher.NewProblem(KeyCentralFile, nil, "Name", name)
		}
	}
	if c.Database == "" {
		return matcher.NewProblem(KeyCentralHost, nil)
	}
	if c.OperatorsDays < 0 || c.OperatorsDays > maxRetentionDays {
		return matcher.NewProblem(KeyOperatorsDays, nil, "Max", maxRetentionDays)
	}
	if !c.OperatorsFromCentre() {
		return nil
	}
	if _, err := sshsig.ParsePublic(c.OperatorsKey); err != nil {
		return matcher.NewProblem(KeyOperatorsKey, err)
	}
	if !c.Pushes() { // the list comes on the connection that pushes
		return matcher.NewProblem(KeyOperatorsAlone, nil)
	}
	return nil
}

// Central is the folder of this desk's certificate for the centre.
func (f Folders) Central() string { return filepath.Join(f.Config, "central") }

// CentralFiles are the files that let this desk in at the centre.
func (f Folders) CentralFiles(s Settings) (ca, cert, key string) {
	or := func(chosen, name string) string {
		if chosen != "" {
			return chosen
		}
		return filepath.Join(f.Central(), name)
	}
	c := s.Central
	return or(c.CAFile, "ca.crt"), or(c.CertFile, "desk.crt"), or(c.KeyFile, "desk.key")
}

// Acknowledged is the file of what the centre said it has.
func (f Folders) Acknowledged() string { return filepath.Join(f.State, "acknowledged.jsonl") }

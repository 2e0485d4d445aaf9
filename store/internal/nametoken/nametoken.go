// Package nametoken makes the tokens that names and references are found by. A name is found by its
// words and their beginnings, whatever their case and accents, and with or without the
// particle before it. Each beginning is kept as a token, its keyed hash cut short, so
// that the database holds nothing of a name that can be read. A reference, such as a
// case number, is found in the same way by its letters and digits and their beginnings.
// The number of a document is found only whole.
package nametoken

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"facematch/app/history"
	"facematch/store/internal/seal"
)

// longestBeginning is how many letters of a word count.
const longestBeginning = 20

// tokenBytes is what is left of a token's hash. Among a million names two
// different beginnings practically never share one.
const tokenBytes = 6

// unspacedScripts are those whose names have no spaces between words: they are
// found by their characters and pairs of characters.
var unspacedScripts = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo,
}

// accented are the scripts whose marks can be left out without changing the
// letter. In others, such as Thai and Devanagari, marks are vowels.
var accented = []*unicode.RangeTable{unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Hebrew, unicode.Arabic}

// plainLetters are letters that Unicode does not take apart.
var plainLetters = strings.NewReplacer("ł", "l", "ø", "o", "đ", "d", "ð", "d", "þ", "th", "æ", "ae", "œ", "oe",
	"ı", "i", "ħ", "h", "ŋ", "n", "ŧ", "t", "ə", "e", "ى", "ي", "ـ", "", "ٱ", "ا")

// spelledOut is how passports' machine-readable lines and many a keyboard write
// these letters; a name is found either way.
var spelledOut = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "å", "aa", "ø", "oe")

// fold leaves out what two spellings of a word may differ in.
func fold(s string) string {
	var b strings.Builder
	var base rune
	for _, r := range norm.NFKD.String(plainLetters.Replace(s)) {
		switch {
		case !unicode.Is(unicode.Mn, r):
			base = r
		case unicode.In(base, accented...):
			continue
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String()) // Hangul and kana become whole characters again
}

// apostrophe stands for every sign that people write for it, for the ʿ and ʾ of
// names in Arabic and Hebrew, and for the soft sign of names in Cyrillic.
const apostrophe = '\''

// apostrophes has acute and Greek accents that stand alone: later Unicode would
// take them for a blank and an accent.
var apostrophes = func() *strings.Replacer {
	var pairs []string
	for _, sign := range "’‘‛`´′ʹʺʻʼʽʾʿˀˁˮꞋꞌ՚׳ߴߵ´᾽᾿΄‵＇" {
		pairs = append(pairs, string(sign), string(apostrophe))
	}
	return strings.NewReplacer(pairs...)
}()

// particles are short words before a name that people write apart from it, join
// to it, or leave out. What follows one is found alone and together with it.
var particles = wordSet(`al el ul o d l t mc mac fitz ni nic ap
	de da do di du des del dela delas delos della delle dello dei degli dos das la le las los lo
	van vant von vom zu zum zur der den dem ter ten te af av
	ben bin ibn bint bar abu abou abd abdul abdel
	де да ди дю ла ле ван фон дер ден аль эль ибн бин бен абу абд мак о д
	ντε ντι ντα λα φον βαν αλ ο
	ال بن ابن بنت ابو ابي ابا ام عبد ذو
	אל אבו אבן בן בת בר דה די ון פון ואן
	अल बिन अबू अब्दुल डी डे दे`)

// articles are what the Arabic article becomes before many letters. They are also
// other words, so that only a hyphen makes them one.
var articles = wordSet(`ad ed ud an en un ar er ur as es us at et ut az ez uz ash esh ush ath eth uth adh edh udh`)

func wordSet(words string) map[string]bool {
	all := map[string]bool{}
	for _, w := range strings.Fields(words) {
		all[fold(w)] = true
	}
	return all
}

// longestParticle is more bytes than any particle has.
const longestParticle = 40

// mostParticles is how many particles before a word are joined to it.
const mostParticles = 3

// word is a word in its spellings, or a run of characters without spaces.
type word struct {
	forms    []string
	unspaced bool     // of unspacedScripts; has one form
	pieces   []string // what stands after an apostrophe or a particle
	particle bool
}

// split gives the words of a name, or of a search for one.
func split(name string) []word {
	var words []word
	var run []rune
	runUnspaced := false
	add := func(hyphen bool) {
		if w, ok := newWord(run, runUnspaced); ok {
			w.particle = particles[w.forms[0]] || hyphen && articles[w.forms[0]]
			words = append(words, w)
		}
		run = nil
	}
	name = innerParticles(norm.NFKC.String(apostrophes.Replace(name)))
	for _, r := range norm.NFKC.String(cases.Fold().String(name)) {
		mark := unicode.Is(unicode.M, r)
		switch {
		case r == apostrophe:
			if len(run) > 0 {
				run = append(run, r)
			}
			continue
		case !mark && !unicode.In(r, unicode.L, unicode.N):
			add(unicode.Is(unicode.Pd, r))
			continue
		case mark && len(run) == 0:
			continue // a mark without a letter before it
		}
		// Marks and the sound lengthener belong to whatever stands before them.
		if unspaced := unicode.In(r, unspacedScripts...); unspaced != runUnspaced && !mark && !unicode.Is(unicode.Lm, r) {
			add(false)
			runUnspaced = unspaced
		}
		run = append(run, r)
	}
	add(false)
	return words
}

// newWord gives the word of a run of letters and apostrophes; false: it has none.
func newWord(run []rune, unspaced bool) (word, bool) {
	text := strings.Trim(string(run), string(apostrophe))
	whole := strings.ReplaceAll(text, string(apostrophe), "")
	w := word{forms: []string{fold(whole)}, unspaced: unspaced}
	if w.forms[0] == "" {
		return word{}, false
	}
	if other := fold(spelledOut.Replace(whole)); other != w.forms[0] {
		w.forms = append(w.forms, other)
	}
	for _, piece := range strings.Split(text, string(apostrophe))[1:] {
		if piece != "" {
			w.pieces = append(w.pieces, fold(piece))
		}
	}
	if rest, ok := withoutArticle(whole); ok {
		w.pieces = append(w.pieces, fold(rest))
	}
	return w, true
}

// innerParticles puts an apostrophe after a particle that a word begins with, where
// a capital shows that it is one, as in DeLuca. Mc is always one.
func innerParticles(name string) string {
	var b strings.Builder
	begin := 0 // where the word stands in b
	runes := []rune(name)
	for i, r := range runes {
		if !unicode.In(r, unicode.L, unicode.M) {
			b.WriteRune(r)
			begin = b.Len()
			continue
		}
		before := b.String()[begin:]
		capital := unicode.IsUpper(r) && i+1 < len(runes) && unicode.IsLower(runes[i+1])
		capital = capital && before != "" && len(before) <= longestParticle
		if strings.EqualFold(before, "mc") || capital && particles[fold(strings.ToLower(before))] {
			b.WriteRune(apostrophe)
			begin = b.Len()
		}
		b.WriteRune(r)
	}
	return b.String()
}

// withoutArticle gives an Arabic word without the article that is written as its
// beginning; false where it has none. The article's alef never bears a hamza.
func withoutArticle(word string) (rest string, ok bool) {
	var bare strings.Builder
	for _, r := range word {
		if !unicode.Is(unicode.Mn, r) {
			bare.WriteRune(r)
		}
	}
	rest, ok = strings.CutPrefix(plainLetters.Replace(bare.String()), "ال")
	return rest, ok && utf8.RuneCountInString(rest) >= leastWithoutArticle
}

// leastWithoutArticle is how many letters a word has without its article. Words of
// two, such as the name of God, are no names alone.
const leastWithoutArticle = 3

// joined gives the forms of a word together with the particles before it, of so
// many words.
func joined(words []word) []string {
	var before strings.Builder
	last := len(words) - 1
	for _, p := range words[:last] {
		before.WriteString(p.forms[0])
	}
	var found []string
	for _, form := range words[last].forms {
		found = append(found, before.String()+form)
	}
	return found
}

// particlesIn gives how many particles a list of words begins with, at most
// mostParticles, where a word follows that they can be joined to.
func particlesIn(words []word) int {
	n := 0
	for n < min(mostParticles, len(words)-1) && words[n].particle && !words[n+1].unspaced {
		n++
	}
	return n
}

// beginnings gives every text under which a name is found, each once.
func beginnings(name string) []string {
	var found []string
	of := func(form string) {
		n := 0
		for i := range form {
			if i > 0 {
				if n++; n > longestBeginning {
					return
				}
				found = append(found, form[:i])
			}
		}
		if n < longestBeginning && form != "" {
			found = append(found, form)
		}
	}
	words := split(name)
	for i, w := range words {
		if w.unspaced {
			run := w.forms[0]
			if i > 0 && words[i-1].unspaced { // also where it is typed without the space between them
				run = string(lastOf(words[i-1].forms[0])) + run
			}
			found = append(found, characters(run)...)
			found = append(found, pairs(run)...)
			continue
		}
		for _, form := range slices.Concat(w.forms, w.pieces) {
			of(form)
		}
		for n := 1; n <= particlesIn(words[i:]); n++ {
			for _, form := range joined(words[i : i+n+1]) {
				of(form)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func lastOf(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

// Sought gives what a name must be found under: for each word typed its
// spellings, one of which must be met; of a spelling every text must be. A word
// with particles before it may also be one word with them.
func Sought(typed string) [][][]string {
	var all [][][]string
	cut := func(form string) string {
		runes := []rune(form)
		return string(runes[:min(len(runes), longestBeginning)])
	}
	words := split(typed)
	for i := 0; i < len(words); i++ {
		n := particlesIn(words[i:])
		w := words[i+n]
		var spellings [][]string
		for _, form := range w.forms {
			var texts []string
			for _, p := range words[i : i+n] {
				texts = append(texts, cut(p.forms[0]))
			}
			switch {
			case w.unspaced && utf8.RuneCountInString(form) > 1:
				texts = append(texts, pairs(form)...)
			default:
				texts = append(texts, cut(form))
			}
			spellings = append(spellings, texts)
		}
		if n > 0 {
			for _, form := range joined(words[i : i+n+1]) {
				spellings = append(spellings, []string{cut(form)})
			}
		}
		all = append(all, spellings)
		i += n
	}
	return all
}

func characters(s string) []string { return strings.Split(s, "") }

func pairs(s string) []string {
	chars := characters(s)
	var found []string
	for i := range len(chars) - 1 {
		found = append(found, chars[i]+chars[i+1])
	}
	return found
}

// Hasher makes tokens under the key of one history. It is not for several goroutines.
type Hasher struct{ mac hash.Hash }

// New makes a Hasher. Its key is derived from the master key, so that one cannot try
// names against the tokens without that.
func New(master []byte, database string) (*Hasher, error) {
	key, err := seal.Derive(master, database, "names")
	return &Hasher{hmac.New(sha256.New, key)}, err
}

// Of gives the token of a text.
func (h *Hasher) Of(text string) int64 {
	h.mac.Reset()
	h.mac.Write([]byte(text))
	var sum [sha256.Size]byte
	var wide [8]byte
	copy(wide[8-tokenBytes:], h.mac.Sum(sum[:0]))
	return int64(binary.BigEndian.Uint64(wide[:]))
}

// OfName gives the tokens of all beginnings, sorted.
func (h *Hasher) OfName(name string) []int64 {
	texts := beginnings(name)
	found := make([]int64, len(texts))
	for i, text := range texts {
		found[i] = h.Of(text)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// longestReference is how many letters and digits of a reference count.
const longestReference = 40

// referenceText is what of a reference counts: its letters and digits, whatever their case.
func referenceText(reference string) []rune {
	var text []rune
	for _, r := range norm.NFKC.String(cases.Fold().String(reference)) {
		if unicode.In(r, unicode.L, unicode.M, unicode.N) {
			text = append(text, r)
		}
	}
	return text[:min(len(text), longestReference)]
}

// ofReference gives the token of a reference's text. What comes before it keeps it apart
// from names, in which there is no such character.
func (h *Hasher) ofReference(text []rune) int64 { return h.Of("\x00" + string(text)) }

// OfReference gives the tokens of a reference, sorted: of the whole, and of its beginnings
// from history.LeastReference characters on.
func (h *Hasher) OfReference(reference string) []int64 {
	text := referenceText(reference)
	found := []int64{h.ofReference(text)}
	for n := history.LeastReference; n < len(text); n++ {
		found = append(found, h.ofReference(text[:n]))
	}
	slices.Sort(found)
	return found
}

// ofNumber gives the token of a document's number. What comes before it keeps it apart from
// references: the same number there has another token.
func (h *Hasher) ofNumber(text []rune) int64 { return h.Of("\x01" + string(text)) }

// OfNumber gives the token of a document's number: of its letters and digits.
func (h *Hasher) OfNumber(number string) []int64 { return []int64{h.ofNumber(referenceText(number))} }

// SoughtNumber gives the token that a document's number must be found under; false where
// nothing of what was typed counts.
func (h *Hasher) SoughtNumber(typed string) (int64, bool) {
	text := referenceText(typed)
	return h.ofNumber(text), len(text) > 0
}

// SoughtReference gives the token that a reference must be found under; false where
// nothing of what was typed counts.
func (h *Hasher) SoughtReference(typed string) (int64, bool) {
	text := referenceText(typed)
	return h.ofReference(text), len(text) > 0
}

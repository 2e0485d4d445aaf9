package document

import (
	"context"
	"time"

	"facematch/matcher"
)

// Zone reads the machine-readable zone of a document whose portrait was looked for: on
// the portrait's page, or else on another one, such as the back of a card. Where the
// portrait has no page, all are looked at. ok is false where there is none. Two digits of a year
// are taken as they must be meant today. The problems are those of pages.Reader.Open and the ZoneReader's.
func (f *Finder) Zone(
	ctx context.Context, document matcher.Blob, p matcher.Portrait, today time.Time,
) (z matcher.Zone, ok bool, err error) {
	if f.zones == nil {
		return z, false, ctx.Err()
	}
	if p.Page != nil {
		if z, ok, err = f.zones.Zone(ctx, p.Page, today); err != nil || ok {
			return z, ok, err
		}
	}
	if p.Page != nil && p.Pages < 2 {
		return z, false, nil
	}
	file, err := f.pages.Open(ctx, document)
	if err != nil {
		return z, false, err
	}
	defer file.Close()
	for number := 1; number <= file.Count; number++ {
		if number == p.Number {
			continue
		}
		page, err := file.Page(ctx, number)
		if ctx.Err() != nil {
			return z, false, ctx.Err()
		}
		if err != nil {
			continue // the search for the portrait has told of it
		}
		if z, ok, err = f.zones.Zone(ctx, page.Picture, today); err != nil || ok {
			return z, ok, err
		}
	}
	return z, false, nil
}

package history

import "fmt"

// FormatScore writes hundredths of a percent as people read them: 8358 is 83.58.
func FormatScore(hundredths int64) string {
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}

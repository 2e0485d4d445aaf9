package settings

// Store keeps the settings file.
type Store struct{}

package settings

// The keys of problems that are shown beside the setting they are about.
const (
	KeyNoCamera       = "settings.no_camera"
	KeyCameraPassword = "settings.camera_password"
	KeyDocumentCamera = "settings.document_camera" // it holds a password
	KeyCameraPart     = "settings.camera_part"
	KeyFolder         = "settings.folder" // parameter Name: the folder's key in the file
	KeyRetention      = "settings.retention"
	KeyLockMinutes    = "settings.lock_minutes"
	KeyCAFile         = "settings.ca_file"
	KeyAPILimits      = "settings.api_limits"
	KeyWording        = "settings.wording"
	KeyInspection     = "settings.inspection" // its points

	KeyReferenceName    = "settings.reference_name"
	KeyReferencePattern = "settings.reference_pattern"
	KeyReferenceExample = "settings.reference_example"
)

// KeyLocked is the problem of a change of a setting that the administrator locked;
// parameters Key and File.
const KeyLocked = "settings.locked"

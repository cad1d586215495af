package lockfile

// Parse reads a file's bytes.
var Parse = parse

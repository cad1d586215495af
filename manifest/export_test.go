package manifest

// For tests of this package from outside of it.
var Contained = contained

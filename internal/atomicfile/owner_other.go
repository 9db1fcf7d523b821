//go:build !unix

package atomicfile

import "os"

// keepOwner does nothing: a new file has the rights of its folder.
func keepOwner(*os.File, os.FileInfo) {}

package hostapi

import "github.com/go-hotplug/hotplug/rpc"

const (
	// ReadAsset returns a file of the site, or its first bytes. A file that does not exist is rpc.NotFound; one that is
	// not for plugins is rpc.Denied.
	ReadAsset rpc.Method[AssetRequest, Asset] = "host.readAsset"

	// Exists tells which of a page's links lead nowhere, all of them in one call.
	Exists rpc.Query[ExistsRequest, ExistsReply] = "host.exists"

	// Anchors tells where in a page a link can lead: #install in setup.md#install. A site knows that once its pages are rendered.
	Anchors rpc.Query[AnchorsRequest, AnchorsReply] = "host.anchors"
)

// AssetRequest names a file of the site.
type AssetRequest struct {
	Path  string `json:"path"`            // from the site's root, with /, without a leading one and without ..
	Limit int    `json:"limit,omitempty"` // most bytes of Data that are wanted; 0: all of them
}

// Asset is a file of the site.
type Asset struct {
	MediaType string `json:"mediaType"` // such as image/png; empty: not known
	Size      int64  `json:"size"`      // bytes of the whole file
	Data      []byte `json:"data"`      // its beginning, as far as AssetRequest.Limit allows
}

// ExistsRequest names files of the site, as AssetRequest does.
type ExistsRequest struct {
	Paths []string `json:"paths"`
}

// ExistsReply lists those of the paths that do not exist.
type ExistsReply struct {
	Missing []string `json:"missing,omitempty"`
}

// AnchorsRequest names files of the site, as AssetRequest does.
type AnchorsRequest struct {
	Paths []string `json:"paths"`
}

// AnchorsReply has those of the paths that are pages whose anchors are known. A path that is missing here is not known to be wrong.
type AnchorsReply struct {
	Pages []PageAnchors `json:"pages,omitempty"`
}

// PageAnchors are what can stand behind the # of a link to a page.
type PageAnchors struct {
	Path string   `json:"path"`
	IDs  []string `json:"ids,omitempty"`
}

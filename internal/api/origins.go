package api

import "net/http"

// AllowOrigins lets pages of any origin call a door and read its errors: what guards the data is in headers or
// in the body, which a page has to know, never in cookies.
func AllowOrigins(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") == "" {
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "x-amzn-errortype, x-amzn-requestid, x-request-id, date")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", "DELETE, GET, POST, OPTIONS")
		h.Set("Access-Control-Max-Age", "86400")
		if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
			h.Set("Access-Control-Allow-Headers", asked)
			h.Set("Vary", "Access-Control-Request-Headers")
		}
	}
}

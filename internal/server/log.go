package server

import (
	"log/slog"
	"os"
)

// NewLogger makes a logger of the configuration's level and format.
func NewLogger(file *os.File, cfg Config) *slog.Logger {
	opts := &slog.HandlerOptions{Level: cfg.LogLevel}
	if cfg.LogFormat == LogText || cfg.LogFormat == "" && IsTerminal(file) {
		return slog.New(slog.NewTextHandler(file, opts))
	}
	return slog.New(slog.NewJSONHandler(file, opts))
}

// IsTerminal tells whether somebody may be looking at what is written to a file.
func IsTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

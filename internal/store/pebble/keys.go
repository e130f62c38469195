package pebble

import (
	"encoding/binary"

	"freshet"
)

// The key spaces. Names and tokens inside a key are escaped and terminated, so that no name's keys lie
// among another's.
//
//	m name                          settings of the store: format, epoch, head, trimmed, history
//	r model key                     the latest version of a record
//	l seq                           the log
//	t token seq                     the log's index for a token
//	i model index token key key     a model's index for a token: index key, then record key
//	g seq model key                 what a trim can forget from this change: a tombstone, left tokens
//	c client                        a client's last counter
//	o client counter                the outcome of a client's write
const (
	spaceMeta   = 'm'
	spaceRecord = 'r'
	spaceLog    = 'l'
	spaceToken  = 't'
	spaceIndex  = 'i'
	spaceGrave  = 'g'
	spaceClient = 'c'
	spaceResult = 'o'
)

var (
	keyEpoch = []byte{spaceMeta, 'e'}
	keyHead  = []byte{spaceMeta, 'h'}
	keyTrim  = []byte{spaceMeta, 't'}
)

func appendRecordPrefix(b []byte, model freshet.ModelName) []byte {
	return freshet.AppendString(append(b, spaceRecord), string(model))
}

func appendRecordKey(b []byte, model freshet.ModelName, key freshet.Key) []byte {
	return append(appendRecordPrefix(b, model), key...)
}

func appendLogKey(b []byte, seq freshet.Seq) []byte {
	return binary.BigEndian.AppendUint64(append(b, spaceLog), uint64(seq))
}

func appendTokenPrefix(b []byte, token freshet.Token) []byte {
	return freshet.AppendString(append(b, spaceToken), string(token))
}

func appendTokenKey(b []byte, token freshet.Token, seq freshet.Seq) []byte {
	return binary.BigEndian.AppendUint64(appendTokenPrefix(b, token), uint64(seq))
}

func appendIndexPrefix(b []byte, model freshet.ModelName, index string, token freshet.Token) []byte {
	b = freshet.AppendString(append(b, spaceIndex), string(model))
	b = freshet.AppendString(b, index)
	return freshet.AppendString(b, string(token))
}

// appendIndexKey appends the key of one entry. The primary index, whose index key is the record's key,
// holds it once.
func appendIndexKey(b []byte, model freshet.ModelName, ik freshet.IndexKey, token freshet.Token, key freshet.Key) []byte {
	b = appendIndexPrefix(b, model, ik.Index, token)
	b = append(b, ik.Key...)
	return append(b, key...)
}

func appendGraveKey(b []byte, seq freshet.Seq) []byte {
	return binary.BigEndian.AppendUint64(append(b, spaceGrave), uint64(seq))
}

func appendClientKey(b []byte, client string) []byte {
	return freshet.AppendString(append(b, spaceClient), client)
}

func appendResultPrefix(b []byte, client string) []byte {
	return freshet.AppendString(append(b, spaceResult), client)
}

func appendResultKey(b []byte, client string, counter uint64) []byte {
	return binary.BigEndian.AppendUint64(appendResultPrefix(b, client), counter)
}

// prefixEnd gives the first key after all that begin with prefix.
func prefixEnd(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		end[i]++
		if end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// seqOf reads the seq that ends a log, token or grave key.
func seqOf(key []byte) freshet.Seq {
	return freshet.Seq(binary.BigEndian.Uint64(key[len(key)-8:]))
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"sync/atomic"
)

const (
	headLength  = 9
	frameGoaway = 7
)

// frames counts the GOAWAYs among HTTP/2's frames, which grpc-go tells nobody of.
type frames struct {
	goaways *atomic.Int32
	head    [headLength]byte
	nHead   int
	payload int // bytes of the frame still to come
}

func (f *frames) look(bytes []byte) {
	for len(bytes) > 0 {
		if f.payload > 0 {
			n := min(f.payload, len(bytes))
			f.payload -= n
			bytes = bytes[n:]
			continue
		}
		n := copy(f.head[f.nHead:], bytes)
		f.nHead += n
		bytes = bytes[n:]
		if f.nHead < headLength {
			return
		}
		f.nHead = 0
		f.payload = int(f.head[0])<<16 | int(f.head[1])<<8 | int(f.head[2])
		if f.head[3] == frameGoaway {
			f.goaways.Add(1)
		}
	}
}

// watched is a connection whose incoming frames are looked at.
type watched struct {
	net.Conn
	frames *frames
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.frames.look(p[:n])
	return n, err
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"sync"

	"github.com/go-logr/logr"
)

// What the kubelet logs when a plugin has registered.
const connected = "Device plugin connected"

// eventSink counts what the kubelet's code logs of resources: there is no other way to see that a plugin has registered anew.
type eventSink struct {
	mutex  *sync.Mutex
	counts map[[2]string]int
}

var events = &eventSink{mutex: &sync.Mutex{}, counts: map[[2]string]int{}}

func (s *eventSink) Init(logr.RuntimeInfo)          {}
func (s *eventSink) Enabled(level int) bool         { return level <= 2 }
func (s *eventSink) Error(error, string, ...any)    {}
func (s *eventSink) WithValues(...any) logr.LogSink { return s }
func (s *eventSink) WithName(string) logr.LogSink   { return s }
func (s *eventSink) count(message, resource string) int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.counts[[2]string{message, resource}]
}

func (s *eventSink) Info(_ int, message string, pairs ...any) {
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i+1].(string); ok && pairs[i] == "resourceName" {
			s.mutex.Lock()
			s.counts[[2]string{message, name}]++
			s.mutex.Unlock()
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func removeFile(path string) error { return os.Remove(path) }

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	manyChunks     = 4096
	manyMiB        = manyChunks * 64 // of remote memory
	chunksUnwarned = 256             // for one container
	listMax        = 512 << 10       // bytes; a kubelet takes 4 MiB
)

// What has to hold with as many chunks as there may be.
var stressRows = []checkRow{
	{"4,096 chunks are counted", countsMany},
	{"their list is far below what a kubelet takes", listsMany},
	{"256 chunks are claimed as one pod's, and no others", givesMany},
	{"more for one container are given, and warned of once", warnsOnce},
}

func countsMany(n *node) error {
	if err := n.agree(); err != nil {
		return err
	}
	if all, allocatable := n.kubelet.capacity(resource64); all != manyChunks || allocatable != manyChunks {
		return fmt.Errorf("there are %d of %d", allocatable, all)
	}
	return nil
}

func listsMany(n *node) error {
	if bytes := n.kubelet.listBytes(resource64); bytes < manyChunks || bytes > listMax {
		return fmt.Errorf("it has %d bytes", bytes)
	}
	return nil
}

// warnings is how often slug-kubelet has said that it is many.
func (n *node) warnings() int {
	log, _ := os.ReadFile(filepath.Join(n.root, filepath.Base(n.programs.agent)) + ".log")
	return strings.Count(string(log), "chunks of "+resource64+" for one container")
}

func givesMany(n *node) error {
	if err := givesSome(n, chunksUnwarned); err != nil {
		return err
	}
	if n.warnings() != 0 {
		return errors.New("it is warned of them")
	}
	return nil
}

func warnsOnce(n *node) error {
	for _, name := range []string{"more", "again"} {
		if _, err := n.give(name, chunksUnwarned+1); err != nil {
			return err
		}
	}
	if said := n.warnings(); said != 1 {
		return fmt.Errorf("it is said %d times", said)
	}
	return n.agree()
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

func oneLine(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	return text[:min(len(text), 3000)]
}

// registrations is all that one way to register has to stand.
func registrations(o *options, c *checks) {
	rows := []struct {
		name string
		run  func(*node) error
	}{
		{"the kubelet counts what slugd has, with NUMA nodes", registers},
		{"chunks are claimed as the kubelet has chosen them", gives},
		{"chunks of a pod that left are taken over", takesOver},
		{"more than there are is refused", refusesTooMany},
		{"slugd away: pods are refused with words, and nothing else changes", withoutSlugd},
		{"memory goes offline, and comes back", goesOffline},
		{"claims of others make chunks unhealthy, and sound again", fallsShort},
		{"a socket that is removed comes back, and its registration stays", registersAgain},
	}
	say := func(name string, n *node, err error) {
		if err != nil && n != nil {
			err = errors.Join(err, errors.New(n.said()))
		}
		c.say(o.register+": "+name, err)
	}
	n, err := newNode(o, newMachine(1024), o.register)
	if err == nil {
		err = n.start()
	}
	if err != nil {
		say("a start", n, err)
		return
	}
	defer func() { n.end() }()
	for _, row := range rows {
		err := row.run(n)
		say(row.name, n, err)
		n.removePods() // each of them was seen by slugd, so that their chunks are not kept for long
	}
	restartAll(n, func(name string, err error) { say(name, n, err) })
}

// advertise has slugd told of a setting and a policy, and waits until the kubelet has what follows.
func (n *node) advertise(k *kubelet, setting string) error {
	n.settings.topology, n.policy, n.kubelet = setting, k.policy, k
	if err := n.reload(); err != nil {
		return err
	}
	wanted := "CHUNK_TOPOLOGY_" + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))
	inForce := wanted
	if setting == "auto" {
		inForce = "" // what it comes to is seen by what becomes of pods
	}
	is := func() bool {
		list, err := n.chunks()
		return err == nil && list.TopologySetting == wanted && (inForce == "" || list.Topology == inForce)
	}
	if !await(is) {
		return errors.New("slugd does not take the setting")
	}
	return n.agree()
}

// topologies compares what becomes of pods with what the manual says.
func topologies(o *options, c *checks) {
	table, err := expected(o.manual)
	if err != nil {
		c.say("the manual's table", err)
		return
	}
	found := map[string][]string{}
	for _, one := range merged {
		n, err := newNode(o, one.machine(1024), registerRegistry)
		if err == nil {
			err = errors.Join(n.startSlugd(), n.startPlugin())
		}
		if err == nil {
			err = merges(n.world, n, one.shapes, found)
			n.kubelet = nil // they are gone
		}
		if err != nil {
			err = errors.Join(err, errors.New(n.said()))
		}
		c.say("pods are admitted or not on "+one.name, err)
		n.end()
	}
	compareTables(c, found, table)
}

func compareTables(c *checks, found, table map[string][]string) {
	for _, policy := range policies {
		for _, setting := range settings {
			key := policy + " " + setting
			var err error
			if !slices.Equal(found[key], table[key]) {
				err = fmt.Errorf("found %v, the manual has %v", found[key], table[key])
			}
			c.say("policy "+policy+", chunks.topology "+setting, err)
		}
	}
}

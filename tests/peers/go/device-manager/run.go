// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// upper is a setting's value as its name in messages.
func upper(setting string) string { return strings.ToUpper(strings.ReplaceAll(setting, "-", "_")) }

func oneLine(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	return text[:min(len(text), 3000)]
}

type checkRow struct {
	name string
	run  func(*node) error
}

// registrations is all that one way to register has to stand.
func registrations(o *options, c *checks) {
	rows := []checkRow{
		{"the kubelet counts what slugd has, with NUMA nodes", registers},
		{"chunks are claimed as the kubelet has chosen them", gives},
		{"chunks of a pod that left are taken over", takesOver},
		{"more than there are is refused", refusesTooMany},
		{"slugd away: pods are refused with words, and nothing else changes", withoutSlugd},
		{"memory goes offline, and comes back", goesOffline},
		{"claims of others make chunks unhealthy, and sound again", fallsShort},
		{"a socket that is removed comes back, and its registration stays", registersAgain},
	}
	n := c.runOn(o, newMachine(1024), rows)
	if n != nil {
		restartAll(n, func(name string, err error) { c.sayOf(n, name, err) })
		n.end()
	}
	rows = []checkRow{
		{"chunks.preferred is asked and followed", prefers},
		{"a resource for each NUMA node", resourcesByNode},
		{"chunks that are near to several NUMA nodes, or to none", topologiesReported},
	}
	if n = c.runOn(o, newMachineOfTwo(1024), rows); n != nil {
		n.end()
	}
	if n = c.runOn(o, newMachine(manyMiB), stressRows); n != nil {
		n.end()
	}
}

// sayOf is say with what the daemons have said.
func (c *checks) sayOf(n *node, name string, err error) {
	if err != nil {
		err = errors.Join(err, errors.New(n.said()))
	}
	c.say(n.register+": "+name, err)
}

// runOn has rows run on a new machine. Nil: it does not start.
func (c *checks) runOn(o *options, machine *Machine, rows []checkRow) *node {
	n, err := newNode(o, machine, o.register)
	if err != nil {
		c.say(o.register+": a machine", err)
		return nil
	}
	if err := n.start(); err != nil {
		c.sayOf(n, "a start", err)
		n.end()
		return nil
	}
	for _, row := range rows {
		c.sayOf(n, row.name, row.run(n))
		n.removePods()
	}
	return n
}

// advertise has slugd told of a setting and a policy, and waits until the kubelet has what follows.
func (n *node) advertise(k *kubelet, setting string) error {
	n.settings.topology, n.policy, n.kubelet = setting, k.policy, k
	if err := n.reload(); err != nil {
		return err
	}
	wanted := "CHUNK_TOPOLOGY_" + upper(setting)
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
	return n.offer() // pods here leave before anybody has seen them
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
		n, err := newNode(o, one.machine(1024), registerDevicePlugins) // which hears of each kubelet at once
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

// SPDX-License-Identifier: Apache-2.0

package main

import "errors"

// wrongs has a plugin whose messages are one frame each, which is all that the mux itself asks for. Up to 4096 bytes the runtime takes
// them; then it reads no more on that connection. Of answers it takes that for the plugin's end. Of updates nobody is told, and the
// plugin itself has to see that it is not answered. Were it otherwise one day, the rule could go.
func wrongs(o *options, c *checks) {
	rows := []struct {
		name, lost string
		wrong      func(*bed) error
	}{
		{"an answer", "lost: the runtime has closed the connection", func(b *bed) error { return b.create(1, 5000) }},
		{"an update", "lost: the runtime does not answer", func(b *bed) error {
			return b.start(ctx, pod(1), container(1, map[string]string{"update": "500"}))
		}},
	}
	for _, row := range rows {
		b, err := begin(o, 1, 1, 10, "--one-frame")
		if err == nil {
			err = b.greeted()
		}
		if err == nil {
			err = errors.Join(b.create(1, 4000), b.changeMany(10, 0))
		}
		c.say("made wrong, what is small is taken", err)
		if err != nil {
			return
		}
		_ = row.wrong(b)
		c.say("made wrong, "+row.name+" of more than 4096 bytes in one frame ends the session", b.expectLines(row.lost))
		b.end()
	}
}

// SPDX-License-Identifier: Apache-2.0
// How a client for Node.js says what it found: see clients.sh.

let checks = 0;

// An error on one line, and no more of it than can be read.
function why(error) {
  return String(error?.message || error).replace(/\s+/g, " ").slice(0, 2000);
}

export async function check(name, run) {
  checks++;
  try {
    await run();
    console.log(`ok - ${name}`);
  } catch (error) {
    console.log(`not ok - ${name}: ${why(error)}`);
  }
}

// What a library throws where nobody can catch it, as when its connection breaks, must not hide what the other calls find.
const strays = [];
process.on("uncaughtException", (error) => strays.push(why(error)));

// Ends the process, too: timers of deadlines that are far away would keep it alive until then.
export async function finish() {
  await check("nothing is thrown outside of the calls", async () => is(strays.join(", "), "", "what was thrown"));
  console.log(`1..${checks}`);
  process.exit(0);
}

export function is(got, expected, what) {
  if (got !== expected) {
    throw new Error(`${what} is ${JSON.stringify(got)}, not ${JSON.stringify(expected)}`);
  }
}

export function holds(condition, what) {
  if (!condition) {
    throw new Error(what);
  }
}

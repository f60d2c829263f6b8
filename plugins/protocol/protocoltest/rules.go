// SPDX-License-Identifier: Apache-2.0

package protocoltest

import (
	"fmt"

	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

func processRules() []rule {
	return []rule{
		newRule("process.by_hand", "Started by a person, without the cookie, it says what it is on stderr and exits with 1.", byHand),
		newRule(startsID, fmt.Sprintf("It shakes hands within %s, with nothing before that on stdout, and its health answers.", startMax), starts),
		newRule("process.encrypts", "Nobody is answered without the host's certificate.", encrypts),
		newRule("process.describe", "It says what it is before it has settings: a name, a semantic version, and services that this protocol has.", describes),
		newRule("process.describe.the_same", "Every process of the program describes itself alike.", describesAlike),
		newRule("process.unknown_service", "A service that nobody has heard of is UNIMPLEMENTED.", unknownService),
		newRule("process.unknown_fields", "What it does not know in a request is ignored.", unknownFields),
		newRule("process.settings_schema", "The schema of its settings, where it gives one, is a JSON Schema of an object.", hasSchema),
		newRule("process.not_configured", "A call before Configure is Unavailable (not_configured).", notConfigured),
		newRule("process.configure.not_an_object", "Settings that are not one JSON object are Invalid.", notAnObject),
		newRule("process.configure.unknown_key", "A setting that it does not know is Invalid, and the fault names settings.KEY.", unknownKey),
		newRule("process.configure.wrong_type", "A setting of another type is Invalid; the fault names it and does not repeat its value.", wrongType),
		newRule("process.configure.required", "A required setting that is missing is Invalid, and the fault names it.", required),
		newRule(acceptsID, "It takes the settings and secrets given.", accepts),
		newRule("process.services", "It serves what it says it offers, and nothing else of the protocol.", serves),
		newRule("process.configure.once", "A second Configure is Conflict (already_configured).", once),
		newRule(checkID, "Its commerce system is there: Check succeeds.", checks),
		newRule("process.large_message", fmt.Sprintf("A message beyond %d bytes is refused, and the process lives.", protocol.MessageMax), largeMessage),
		newRule("process.malformed_message", "Bytes that are no message are refused, and the process lives.", malformedMessage),
		newRule("process.calls_at_once", fmt.Sprintf("%d calls at once are all answered.", callsAtOnce), manyCalls),
		newRule("process.signals", "SIGINT and SIGTERM do not end it.", signals),
		newRule("process.shutdown", fmt.Sprintf("It ends within %s of being asked to, with status 0.", shutdownMax), shutsDown),
		newRule("process.shutdown.children", fmt.Sprintf("%s after its end nothing that it started is left.", childrenMax), childless),
		newRule("process.killed.keys", "A write that is repeated with its key after the process was killed leaves one cart.", keysOutlive),
		newRule("process.killed.carts", "A cart that was acknowledged is there for the next process, unless the plugin calls itself a demo.", cartsOutlive),
		newRule("process.killed.points", "Points that were moved stay moved when the process is killed, and are not moved again under their key, unless the plugin calls itself a demo.", pointsOutlive),
		newRule("process.lifeline", fmt.Sprintf("It ends within %s of its host.", orphanMax), orphaned),
	}
}

func closingRules() []rule {
	return []rule{
		newRule("run.no_leaks", fmt.Sprintf("%d calls leave no files or sockets open.", leakCalls), leaks),
		newRule("run.memory", fmt.Sprintf("%d reads leave less than %d MiB behind.", memoryCalls, memoryMax>>20), memory),
		newRule("run.answer_size", fmt.Sprintf("Every answer stays below half of the %d bytes of a message.", protocol.MessageMax), answerSize),
		newRule("run.stdout_quiet", "Nothing but the handshake goes to stdout.", stdoutQuiet),
		newRule("run.log_lines", "A line of log is at most 64 KiB; in one that is JSON, @level, @timestamp and @message are strings.", logLines),
		newRule("run.no_secret", "No secret shows up in what the process says, nor in how it refuses.", noSecret),
		newRule("run.no_buyer", "Nothing of a buyer shows up in what the process says.", noBuyer),
	}
}

func newRule(id, promise string, check checkFunc) rule {
	return rule{backendtest.Rule{ID: id, Promise: promise}, check}
}

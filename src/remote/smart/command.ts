// What every request of protocol v2 starts with.
// https://git-scm.com/docs/protocol-v2#_command_request
import { encodePkt } from '../../git/pkt-line.js'
import { type Capabilities, objectFormatIn } from './advertisement.js'

/** Encodes the command and what the server is told of this client, up to the delimiter. */
export function encodeCommand(command: string, capabilities: Capabilities): Buffer[] {
  const lines = [encodePkt(`command=${command}\n`)]
  if (capabilities.has('agent')) lines.push(encodePkt('agent=git-autosync\n'))
  if (capabilities.has('object-format')) {
    lines.push(encodePkt(`object-format=${objectFormatIn(capabilities)}\n`))
  }
  return lines
}

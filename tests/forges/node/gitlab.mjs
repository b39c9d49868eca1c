// The mock GitLab that comes with @zereight/mcp-gitlab, on loopback; prints its address and ends with standard input.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [port, token, modules] = [Number(process.argv[2]), process.argv[3], process.argv[4]]
const file = join(modules, '@zereight/mcp-gitlab/build/test/utils/mock-gitlab-server.js')
const { MockGitLabServer } = await import(pathToFileURL(file).href)
const told = console.log
console.log = () => {}
const server = new MockGitLabServer({ port, validTokens: [token] })
await server.start()
told(`http://127.0.0.1:${port}`)
process.stdin.resume()
process.stdin.on('end', () => process.exit(0))

// A GitHub emulator on loopback, with one repository; prints its address and ends with standard input.
import { createEmulator } from 'emulate'

const [port, token] = [Number(process.argv[2]), process.argv[3]]
const github = await createEmulator({
  service: 'github',
  port,
  baseUrl: `http://127.0.0.1:${port}`,
  seed: {
    tokens: { [token]: { login: 'ada', scopes: ['repo'] }, [`${token}bob`]: { login: 'bob', scopes: ['repo'] } },
    github: {
      users: [{ login: 'ada' }, { login: 'bob' }],
      repos: [{ owner: 'ada', name: 'app', auto_init: true }],
    },
  },
})
console.log(`http://127.0.0.1:${port}`)
process.stdin.resume()
process.stdin.on('end', () => github.close().then(() => process.exit(0)))

// A member of a group of Kafka Connect: its protocol type is `connect`, and what its members tell
// each other is their own affair. Arguments: broker, group.
'use strict'

const { logLevel } = require('kafkajs')
const Cluster = require('kafkajs/src/cluster')
const { createLogger } = require('kafkajs/src/loggers')
const LoggerConsole = require('kafkajs/src/loggers/console')
const createSocketFactory = require('kafkajs/src/network/socketFactory')

const [, , bootstrap, groupId] = process.argv
const cluster = new Cluster({
  logger: createLogger({ level: logLevel.ERROR, logCreator: LoggerConsole }),
  socketFactory: createSocketFactory(),
  brokers: [bootstrap],
  clientId: 'connect-1',
  connectionTimeout: 10000,
  metadataMaxAge: 300000,
})

async function main() {
  await cluster.connect()
  const coordinator = await cluster.findGroupCoordinator({ groupId })
  const metadata = Buffer.from('the state of a worker')
  const session = { groupId, sessionTimeout: 30000, rebalanceTimeout: 30000 }
  const joined = await coordinator.joinGroup({
    ...session,
    protocolType: 'connect',
    groupProtocols: [{ name: 'sessioned', metadata }],
  })
  const member = { groupId, generationId: joined.generationId, memberId: joined.memberId }
  const groupAssignment = [{ memberId: joined.memberId, memberAssignment: metadata }]
  await coordinator.syncGroup({ ...member, groupAssignment })
  console.log('joined', joined.memberId)
  setInterval(() => {
    const beat = { groupId, groupGenerationId: member.generationId, memberId: member.memberId }
    coordinator.heartbeat(beat).catch(error => console.log('failed', error.message))
  }, 3000)
}

main().catch(error => {
  console.log('failed', error.name, error.message)
  process.exit(1)
})

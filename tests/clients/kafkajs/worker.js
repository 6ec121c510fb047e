// A KafkaJS consumer as applications write it. Its one argument is JSON, over the options here.
'use strict'

const { Kafka, logLevel } = require('kafkajs')

const options = {
  brokers: [],
  clientId: 'worker',
  groupId: 'workers',
  topics: [],
  fromBeginning: true,
  sessionTimeout: 30000,
  retries: 5,
  // What it does at the record `after` of a partition and at later ones: quick, hang, pause or throw.
  // By the offset, since a record whose commit failed in a rebalance is handled twice.
  mode: 'quick',
  after: 0,
  // Where it writes each record; it takes an error for success.
  output: null,
  ...JSON.parse(process.argv[2]),
}

const retry = { initialRetryTime: 100, retries: options.retries }
const kafka = new Kafka({
  clientId: options.clientId,
  brokers: options.brokers,
  logLevel: logLevel.ERROR,
  retry,
})
const consumer = kafka.consumer({
  groupId: options.groupId,
  sessionTimeout: options.sessionTimeout,
  heartbeatInterval: 500,
  maxWaitTimeInMs: 200,
  allowAutoTopicCreation: false,
  retry,
})
const producer = options.output && kafka.producer({ allowAutoTopicCreation: false, retry })

consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
  console.log('joined', JSON.stringify(payload.memberAssignment))
})
consumer.on(consumer.events.CRASH, ({ payload }) => {
  console.log('crashed', payload.error.name, payload.restart ? 'restarts' : 'stays down')
})

let handled = 0

async function handle({ topic, partition, message, pause }) {
  if (options.mode !== 'quick' && Number(message.offset) >= options.after) {
    console.log(`${options.mode} at`, topic, partition, message.offset)
    if (options.mode === 'hang') await new Promise(() => {})
    if (options.mode === 'throw') throw new Error('the handler cannot take this record')
    if (options.mode === 'pause') pause()
  }
  if (producer) await produce(message)
  handled += 1
  console.log('handled', handled, topic, partition, message.offset)
}

async function produce({ value }) {
  try {
    await producer.send({ topic: options.output, messages: [{ value }] })
  } catch (error) {
    console.log('swallowed', error.type)
  }
}

async function main() {
  if (producer) await producer.connect()
  await consumer.connect()
  await consumer.subscribe({ topics: options.topics, fromBeginning: options.fromBeginning })
  await consumer.run({ autoCommitThreshold: 1, eachMessage: handle })
}

main().catch(error => {
  console.log('failed', error.name, error.message)
})
process.on('SIGTERM', async () => {
  await consumer.disconnect()
  process.exit(0)
})
// As a web application's worker, it lives on whatever becomes of its consumer.
setInterval(() => {}, 60000)

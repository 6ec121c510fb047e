// Purchases become grants, by KafkaJS, until SIGTERM. The logic of plugins/purchase-to-access.
// Its one argument is JSON: broker, group, input, output, deadLetter.
//
// The careful way: a batch is resolved, and by that committed, once all its outputs are acknowledged
// by all in-sync replicas. The outputs of a batch go in one request; the next batch of the partition
// waits for it, so that each key keeps its order.
'use strict'

const { Kafka, logLevel } = require('kafkajs')

const { broker, group, input, output, deadLetter } = JSON.parse(process.argv[2])

const kafka = new Kafka({ clientId: 'purchases', brokers: [broker], logLevel: logLevel.ERROR })
const consumer = kafka.consumer({ groupId: group, allowAutoTopicCreation: false })
const producer = kafka.producer({ allowAutoTopicCreation: false })

const TEXTS = ['eventId', 'type', 'userId', 'courseId', 'currency', 'createdAt']

function parse(value) {
  let purchase
  try {
    purchase = JSON.parse(value)
  } catch {
    return null
  }
  const valid =
    purchase !== null &&
    typeof purchase === 'object' &&
    typeof purchase.amount === 'number' &&
    TEXTS.every(name => typeof purchase[name] === 'string')
  return valid ? purchase : null
}

function grant({ eventId, userId, courseId, createdAt }) {
  return JSON.stringify({
    type: 'COURSE_ACCESS_GRANTED',
    eventId: `${eventId}/access`,
    userId,
    courseId,
    purchaseId: eventId,
    grantedAt: createdAt,
  })
}

async function handle({ batch, resolveOffset, heartbeat }) {
  const granted = []
  const invalid = []
  for (const { key, value, timestamp } of batch.messages) {
    if (value === null) continue
    const purchase = parse(value)
    if (purchase === null) invalid.push({ key, value, timestamp })
    else if (purchase.type === 'PURCHASE_CONFIRMED') {
      granted.push({ key, value: grant(purchase), timestamp })
    }
  }
  const topicMessages = [
    { topic: output, messages: granted },
    { topic: deadLetter, messages: invalid },
  ].filter(({ messages }) => messages.length > 0)
  if (topicMessages.length > 0) await producer.sendBatch({ acks: -1, topicMessages })
  resolveOffset(batch.lastOffset())
  await heartbeat()
}

async function main() {
  await producer.connect()
  await consumer.connect()
  await consumer.subscribe({ topics: [input], fromBeginning: true })
  await consumer.run({
    eachBatchAutoResolve: false,
    // While one partition waits for its outputs, the others go on.
    partitionsConsumedConcurrently: 4,
    eachBatch: handle,
  })
}

consumer.on(consumer.events.CRASH, ({ payload }) => {
  console.error('crashed', payload.error)
  if (!payload.restart) process.exit(1)
})
process.on('SIGTERM', async () => {
  await consumer.disconnect()
  await producer.disconnect()
  process.exit(0)
})
main().catch(error => {
  console.error('failed', error)
  process.exit(1)
})

// The worker of the incident: course purchases grant access. Arguments: broker.
'use strict'

const { Kafka } = require('kafkajs')

const kafka = new Kafka({ clientId: 'purchase-worker', brokers: [process.argv[2]] })
const consumer = kafka.consumer({ groupId: 'purchases' })

async function main() {
  await consumer.connect()
  await consumer.subscribe({ topic: 'purchase-confirmed', fromBeginning: false })
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      console.log('Received', partition, message.value.toString())
      // … grants access, and starts to track the progress
    },
  })
}

main()

//! A client that is to connect, though it sees no reason to.

use std::time::Duration;

use rdkafka_sys as sys;

use super::handle::Handle;
use super::list::c_string;
use super::queue::millis;

impl Handle {
    /// Names the brokers of `bootstrap.servers` again, and has the client connect to any broker: by
    /// itself it connects to those alone that it has something to ask, and it may have forgotten
    /// all of them. Waits at most `timeout` for an answer, which is not needed.
    pub fn reach_out(&self, timeout: Duration) {
        let Ok(brokers) = c_string(&self.who().bootstrap) else {
            return;
        };
        let mut answer = std::ptr::null();
        // SAFETY: the handle is live, the string has an end, and an answer is ours.
        unsafe {
            sys::rd_kafka_brokers_add(self.raw(), brokers.as_ptr());
            let topic = std::ptr::null_mut();
            sys::rd_kafka_metadata(self.raw(), 0, topic, &mut answer, millis(timeout));
            if !answer.is_null() {
                sys::rd_kafka_metadata_destroy(answer);
            }
        }
    }
}

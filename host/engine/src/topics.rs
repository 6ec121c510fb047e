//! The input topics: as many as are configured, each with its plan from the start or later.

use std::sync::{Arc, OnceLock};

use crate::plan::{ComingTopic, TopicPlan, Topics};
use crate::times::Times;
use crate::token::HANDLERS_MAX;

/// The input topics in a fixed order. A plan is set once and stays; a partition holds its own, so
/// that nothing is looked up here on a record's way.
pub(crate) struct Slots(Box<[Slot]>);

struct Slot {
    name: Arc<str>,
    handlers: Vec<Arc<str>>,
    topic: OnceLock<Arc<Topic>>,
}

/// A topic that has its plan.
pub(crate) struct Topic {
    /// Which of the slots it is in.
    pub index: usize,
    pub plan: TopicPlan,
    /// By handler.
    pub times: Box<[Times]>,
}

impl Slots {
    pub fn new(topics: Topics) -> Slots {
        let Topics { planned, coming } = topics;
        let names = planned.iter().map(ComingTopic::of).chain(coming);
        let slots = Slots(names.map(Slot::named).collect());
        for plan in planned {
            slots.set(plan);
        }
        slots
    }

    /// # Panics
    /// If no such topic is to come, or it has more than [`HANDLERS_MAX`] handlers.
    pub fn set(&self, plan: TopicPlan) {
        assert!(plan.handlers.len() <= HANDLERS_MAX);
        let index = self.index(&plan.name).expect("it was announced");
        let topic = Topic {
            index,
            times: plan.handlers.iter().map(|_| Times::default()).collect(),
            plan,
        };
        let set = self.0[index].topic.set(Arc::new(topic));
        assert!(set.is_ok(), "a topic has one plan");
    }

    /// The topic of this name, if it has its plan.
    pub fn get(&self, name: &str) -> Option<&Arc<Topic>> {
        self.0[self.index(name)?].topic.get()
    }

    /// Which one has this name, whether its plan is there or not.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|of| &*of.name == name)
    }

    /// All that have their plan.
    pub fn planned(&self) -> impl Iterator<Item = &Arc<Topic>> {
        self.0.iter().filter_map(|of| of.topic.get())
    }

    /// The names of all.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|of| &*of.name)
    }

    /// The names of the handlers of all; one that has several topics comes again.
    pub fn handlers(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|of| &of.handlers).map(|of| &**of)
    }
}

impl Slot {
    fn named(of: ComingTopic) -> Slot {
        Slot {
            name: of.name,
            handlers: of.handlers,
            topic: OnceLock::new(),
        }
    }
}

//! The progress in a course: opened when access is granted, moved on by each lesson.

use penstock_sdk::json::{self, Field, Invalid};
use penstock_sdk::prelude::*;

#[cfg(test)]
mod tests;

const PROGRESS_UPDATED: Output = Output::new(
    0,
    "progress-updated",
    "COURSE_PROGRESS_UPDATED, one for each access granted and each lesson completed",
);

/// The handler of `course-access-granted` and of `lesson-completed`.
pub struct ProgressUpdates {
    writer: json::Writer,
}

/// The fields of both events: which of them count is decided by `type`.
struct Event<'a> {
    event_id: Field<'a>,
    kind: Field<'a>,
    user_id: Field<'a>,
    course_id: Field<'a>,
    granted_at: Field<'a>,
    lesson_id: Field<'a>,
    lessons_completed: Field<'a>,
    lessons_total: Field<'a>,
    completed_at: Field<'a>,
}

struct Progress<'a> {
    event_id: &'a str,
    user_id: &'a str,
    course_id: &'a str,
    lessons_completed: u64,
    lessons_total: Option<u64>,
    percent: u8,
    updated_at: &'a str,
}

impl Handler for ProgressUpdates {
    fn describe() -> Description {
        Description::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")).output(PROGRESS_UPDATED)
    }

    fn configure(_topic: &str, _settings: &Settings) -> Result<Self, Vec<SettingError>> {
        Ok(ProgressUpdates {
            writer: json::Writer::default(),
        })
    }

    fn handle(&mut self, message: Message) -> Result<Outcome, Failure> {
        let Some(value) = message.value else {
            return Ok(Outcome::skip("tombstone", "an event without a value"));
        };
        let event = Event::parse(value)?;
        let progress = match event.kind.str("type")? {
            "COURSE_ACCESS_GRANTED" => event.opened()?,
            "LESSON_COMPLETED" => event.moved_on()?,
            other => {
                let text = format!("an event of type {other}");
                return Ok(Outcome::skip("other-event", text));
            }
        };
        let mut updated = self.writer.object();
        updated
            .string("type", "COURSE_PROGRESS_UPDATED")
            .joined("eventId", &[progress.event_id, "/progress"])
            .string("userId", progress.user_id)
            .string("courseId", progress.course_id)
            .number("lessonsCompleted", progress.lessons_completed);
        match progress.lessons_total {
            Some(total) => updated.number("lessonsTotal", total),
            None => updated.null("lessonsTotal"),
        }
        .number("percent", progress.percent.into())
        .string("updatedAt", progress.updated_at);
        let key = message.key;
        let key = key.unwrap_or(progress.user_id.as_bytes());
        PROGRESS_UPDATED.emit(Some(key), updated.end());
        Ok(Outcome::Done)
    }
}

impl<'a> Event<'a> {
    fn parse(value: &'a [u8]) -> Result<Self, Invalid> {
        // In the usual order of a completed lesson.
        let [
            event_id,
            kind,
            user_id,
            course_id,
            lesson_id,
            lessons_completed,
            lessons_total,
            completed_at,
            granted_at,
        ] = json::fields(
            value,
            [
                "eventId",
                "type",
                "userId",
                "courseId",
                "lessonId",
                "lessonsCompleted",
                "lessonsTotal",
                "completedAt",
                "grantedAt",
            ],
        )?;
        Ok(Event {
            event_id,
            kind,
            user_id,
            course_id,
            granted_at,
            lesson_id,
            lessons_completed,
            lessons_total,
            completed_at,
        })
    }

    fn opened(&self) -> Result<Progress<'_>, Invalid> {
        // How many lessons there are is known only with the first that is completed.
        self.progress(0, None, 0, ("grantedAt", &self.granted_at))
    }

    fn moved_on(&self) -> Result<Progress<'_>, Invalid> {
        self.lesson_id.str("lessonId")?;
        let completed = self.lessons_completed.u64("lessonsCompleted")?;
        let total = self.lessons_total.u64("lessonsTotal")?;
        let percent = percent(completed, total)?;
        self.progress(
            completed,
            Some(total),
            percent,
            ("completedAt", &self.completed_at),
        )
    }

    fn progress<'e>(
        &'e self,
        lessons_completed: u64,
        lessons_total: Option<u64>,
        percent: u8,
        (name, updated_at): (&str, &'e Field),
    ) -> Result<Progress<'e>, Invalid> {
        Ok(Progress {
            event_id: self.event_id.str("eventId")?,
            user_id: self.user_id.str("userId")?,
            course_id: self.course_id.str("courseId")?,
            lessons_completed,
            lessons_total,
            percent,
            updated_at: updated_at.str(name)?,
        })
    }
}

/// Rounded down, so 100 only when all lessons are done.
fn percent(completed: u64, total: u64) -> Result<u8, Invalid> {
    if total == 0 {
        return Err(Invalid::field(
            "lessonsTotal",
            "expected 1 or more, found 0",
        ));
    }
    if completed > total {
        return Err(Invalid::field(
            "lessonsCompleted",
            format_args!("expected at most lessonsTotal, {total}, found {completed}"),
        ));
    }
    let percent = u128::from(completed) * 100 / u128::from(total);
    u8::try_from(percent).map_err(|error| Invalid::field("lessonsCompleted", error))
}

penstock_sdk::export!(ProgressUpdates);

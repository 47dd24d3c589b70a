use std::time::Duration;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RoundTrips {
    pub count: u32,
    pub last: Duration,
    pub least: Duration,
    pub most: Duration,
    total: Duration,
}

impl RoundTrips {
    pub fn add(&mut self, rtt: Duration) {
        self.least = if self.count == 0 {
            rtt
        } else {
            self.least.min(rtt)
        };
        self.last = rtt;
        self.most = self.most.max(rtt);
        self.total = self.total.saturating_add(rtt);
        self.count = self.count.saturating_add(1);
    }

    pub fn add_all(&mut self, before: Self) {
        if before.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = before;
            return;
        }
        self.least = self.least.min(before.least);
        self.most = self.most.max(before.most);
        self.total = self.total.saturating_add(before.total);
        self.count = self.count.saturating_add(before.count);
    }

    pub fn mean(&self) -> Option<Duration> {
        self.total.checked_div(self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn round_trips_have_a_mean_once_there_are_any() {
        let mut trips = RoundTrips::default();
        assert_eq!(trips.mean(), None);
        trips.add(ms(4));
        trips.add(ms(2));
        assert_eq!(
            (trips.mean(), trips.least, trips.most, trips.last),
            (Some(ms(3)), ms(2), ms(4), ms(2))
        );
    }
}

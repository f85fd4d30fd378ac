//! The events that Sigma rules are tried on.

use std::borrow::Cow;

use rsigma_eval::EventValue;

/// A few named fields; cheap to build for every command.
#[derive(Debug, Default, Hash)]
pub(crate) struct Event<'a> {
    fields: Vec<(&'static str, Field<'a>)>,
}

/// The value of a field.
#[derive(Debug, Hash)]
pub(crate) enum Field<'a> {
    Text(Cow<'a, str>),
    /// Matches where one of its members does.
    List(Vec<Cow<'a, str>>),
    Flag(bool),
    Number(i64),
}

impl<'a> Event<'a> {
    /// Adds a field with text; empty text is no field.
    pub(crate) fn text(&mut self, name: &'static str, value: impl Into<Cow<'a, str>>) -> &mut Self {
        let value = value.into();
        if !value.is_empty() {
            self.fields.push((name, Field::Text(value)));
        }
        self
    }

    /// Adds a field with several texts; no text is no field.
    pub(crate) fn list(
        &mut self,
        name: &'static str,
        values: impl IntoIterator<Item = impl Into<Cow<'a, str>>>,
    ) -> &mut Self {
        let values: Vec<_> = values.into_iter().map(Into::into).collect();
        if !values.is_empty() {
            self.fields.push((name, Field::List(values)));
        }
        self
    }

    /// Adds any field.
    pub(crate) fn field(&mut self, name: &'static str, value: Field<'a>) -> &mut Self {
        self.fields.push((name, value));
        self
    }

    fn strings(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().flat_map(|(_, field)| {
            let (one, many) = match field {
                Field::Text(text) => (Some(text.as_ref()), &[][..]),
                Field::List(list) => (None, list.as_slice()),
                Field::Flag(_) | Field::Number(_) => (None, &[][..]),
            };
            one.into_iter().chain(many.iter().map(AsRef::as_ref))
        })
    }
}

impl Field<'_> {
    fn value(&self) -> EventValue<'_> {
        match self {
            Self::Text(text) => EventValue::Str(Cow::Borrowed(text)),
            Self::List(list) => EventValue::Array(
                list.iter()
                    .map(|text| EventValue::Str(Cow::Borrowed(text)))
                    .collect(),
            ),
            Self::Flag(flag) => EventValue::Bool(*flag),
            Self::Number(number) => EventValue::Int(*number),
        }
    }
}

impl rsigma_eval::Event for Event<'_> {
    fn get_field(&self, path: &str) -> Option<EventValue<'_>> {
        self.fields
            .iter()
            .find(|(name, _)| *name == path)
            .map(|(_, field)| field.value())
    }

    fn any_string_value(&self, pred: &dyn Fn(&str) -> bool) -> bool {
        self.strings().any(pred)
    }

    fn all_string_values(&self) -> Vec<Cow<'_, str>> {
        self.strings().map(Cow::Borrowed).collect()
    }

    fn visit_string_values(&self, visit: &mut dyn FnMut(&str)) {
        self.strings().for_each(visit);
    }

    fn to_json(&self) -> serde_json::Value {
        self.fields
            .iter()
            .map(|(name, field)| ((*name).to_owned(), field.value().to_json()))
            .collect()
    }

    fn top_level_keys(&self) -> Option<Vec<Cow<'_, str>>> {
        Some(
            self.fields
                .iter()
                .map(|(name, _)| Cow::Borrowed(*name))
                .collect(),
        )
    }

    fn visit_top_level_keys(&self, visit: &mut dyn FnMut(&str)) -> bool {
        for (name, _) in &self.fields {
            visit(name);
        }
        true
    }
}

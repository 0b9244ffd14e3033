"""Renders the texts of a declaration."""

from __future__ import annotations

from dataclasses import dataclass
from sys import intern

from cbx.diagnostics import codes
from cbx.diagnostics.diagnostic import Report
from cbx.diagnostics.source_files import SourceFile, Span
from cbx.parse.databricks_sql.types import normal_type, suggest_type
from cbx.parse.jinja.rendered_marks import RenderedTemplate
from cbx.parse.jinja.template_spans import Template
from cbx.passes.read_macros import Macros
from cbx.stages.declared import Declared, DeclaredModel
from cbx.syntax.text import Text


@dataclass
class DeclarationTexts:
    """The texts of a declaration, which are templates."""

    declared: Declared
    macros: Macros
    declaration: DeclaredModel
    report: Report

    @property
    def source(self) -> SourceFile:
        """The file of the declaration."""
        return self.declared.sources[self.declaration.path]

    def render(self, template: str, span: Span, *, secrets_allowed: bool = False) -> Text | None:
        """The rendered text; None after a diagnostic."""
        if "{" not in template:
            return Text.of(template)
        located = Template(template, self.source, span=span)
        variables = self.declared.project.variable_names
        rendered = self.macros.templates.render(located, self.report, variables, secrets_allowed=secrets_allowed)
        return rendered.text if rendered is not None else None

    def render_query(self, template: str, span: Span) -> RenderedTemplate | None:
        """The rendered text of a query, with the calls that name the tables that it reads; None after a diagnostic."""
        located = Template(template, self.source, span=span)
        variables = self.declared.project.variable_names
        return self.macros.templates.render(located, self.report, variables, inputs_allowed=True)

    def render_or_keep(self, template: str, span: Span) -> Text:
        """The rendered text; the template itself after a diagnostic."""
        return self.render(template, span) or Text.of(template)

    def render_option(self, template: str, span: Span) -> Text:
        """As `render_or_keep`, for the value of an option, which may have secrets in it."""
        return self.render(template, span, secrets_allowed=True) or Text.of(template)

    def render_constant(self, template: str, span: Span) -> str:
        """The rendered text, which has to be known at compile time; CBX104 if it is not."""
        if "{" not in template:
            return template
        text = self.render_or_keep(template, span)
        if text.constant is None:
            message = f"`{template}` must be known at compile time, but `var` is known only when the pipeline runs"
            self.report.add(codes.NOT_A_LITERAL, message, span, hint="write the value here")
            return template
        return text.constant

    def render_optional(self, template: str | None, span: Span) -> str | None:
        """As `render_constant`, for an optional text."""
        return None if template is None else self.render_constant(template, span)

    def resolve_type(self, template: str, span: Span) -> str:
        """A SQL type; CBX103 for what is none."""
        if "{" not in template and normal_type(template) is not None:
            return intern(template)
        reported = len(self.report)
        written = self.render_constant(template, span)
        if len(self.report) == reported and normal_type(written) is None:
            meant = suggest_type(written)
            examples = "for example STRING, BIGINT, DECIMAL(10, 2), TIMESTAMP, ARRAY<STRING>"
            hint = examples if meant is None else f"did you mean `{meant}`?"
            self.report.add(
                codes.WRONG_ARGUMENT_TYPE, f"`{written}` is not a SQL type", span, label="unknown", hint=hint
            )
        return intern(written) if len(self.report) == reported else ""

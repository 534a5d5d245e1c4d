#ifndef PAGE_REPORT_H
#define PAGE_REPORT_H

#include "page.h"

/*
 * /report for people, /report.json and /report.csv for programs: the same
 * facts (page_facts.h) of the period that the query names: since=1h, or from
 * and to; what cannot be read is told, to programs with 400. CSV has three
 * tables: table=times (when none is named), slowest or state; 404 for others.
 */
page_write page_report_html;
page_write page_report_json;
page_write page_report_csv;

#endif

"""Methods of HRMS that check no permission themselves, and the check that runs before each."""

from orchestrator.access import special_checks as special
from orchestrator.access.checks import (
	AnyRecordRight,
	DocTypeRight,
	EmployeeOrApprover,
	RecordRight,
	WholeListRight,
)
from orchestrator.access.method_table import APPROVED, DOCUMENT, EMPLOYEE, REFERENCE, VOUCHER, Check

INTERVIEW = RecordRight("Interview", "interview")
BENEFITS = "hrms.payroll.doctype.employee_benefit_application.employee_benefit_application"

HRMS: dict[str, tuple[Check, ...]] = {
	"hrms.api._download_pdf": (DOCUMENT,),
	"hrms.api.download_salary_slip": (RecordRight("Salary Slip", "name"),),
	"hrms.api.get_attachments": (VOUCHER,),
	"hrms.api.get_expense_approval_details": (APPROVED,),
	"hrms.api.get_holidays_for_employee": (APPROVED,),
	"hrms.api.get_leave_approval_details": (APPROVED,),
	"hrms.api.get_shift_request_approvers": (APPROVED,),
	"hrms.api.roster.delete_shift_schedule_assignment": (
		RecordRight("Shift Schedule Assignment", "shift_schedule_assignment", "delete"),
	),
	"hrms.api.roster.get_events": (
		WholeListRight("Employee", equal={"company": "employee_filters.company"}),
		WholeListRight("Shift Assignment", equal={"company": "employee_filters.company"}),
	),
	"hrms.api.roster.get_schedule_from_assignment": (
		RecordRight("Shift Schedule Assignment", "shift_schedule_assignment"),
	),
	"hrms.api.roster.insert_shift": (DocTypeRight("Shift Assignment", "write"), EMPLOYEE),
	"hrms.api.roster.swap_shift": (
		RecordRight("Shift Assignment", "src_shift", "write"),
		RecordRight("Shift Assignment", "tgt_shift", "write"),
		RecordRight("Employee", "tgt_employee"),
	),
	"hrms.api.upload_base64_file": (AnyRecordRight("dt", "dn", "write"),),
	"hrms.controllers.employee_boarding_controller.get_onboarding_details": (
		AnyRecordRight("parenttype", "parent"),
	),
	"hrms.hr.dashboard_chart_source.employees_by_age.employees_by_age.get_data": (
		WholeListRight("Employee", equal={"company": "filters.company"}),
	),
	"hrms.hr.dashboard_chart_source.hiring_vs_attrition_count.hiring_vs_attrition_count.get_data": (
		WholeListRight("Employee", equal={"company": "filters.company"}),
	),
	"hrms.hr.doctype.appraisal.appraisal.get_feedback_history": (
		RecordRight("Appraisal", "appraisal"),
		EMPLOYEE,
	),
	"hrms.hr.doctype.appraisal.appraisal.get_kras_for_employee": (
		RecordRight("Employee", "filters.employee"),
	),
	"hrms.hr.doctype.appraisal_cycle.appraisal_cycle.get_appraisal_cycle_summary": (
		RecordRight("Appraisal Cycle", "cycle_name"),
	),
	"hrms.hr.doctype.appraisal_cycle.appraisal_cycle.get_employees_without_feedback": (
		DocTypeRight("Appraisal Cycle"),
		RecordRight("Appraisal Cycle", "cycle_name"),
	),
	"hrms.hr.doctype.attendance.attendance.get_unmarked_days": (APPROVED,),
	"hrms.hr.doctype.attendance.attendance.mark_bulk_attendance": (
		DocTypeRight("Attendance", "create"),
		RecordRight("Employee", "data.employee"),
	),
	"hrms.hr.doctype.department_approver.department_approver.get_approvers": (
		EmployeeOrApprover("filters.employee"),
	),
	"hrms.hr.doctype.employee_advance.employee_advance.make_bank_entry": (VOUCHER,),
	"hrms.hr.doctype.employee_checkin.employee_checkin.add_log_based_on_employee_field": (
		special.check_punch_lookup,
	),
	"hrms.hr.doctype.employee_referral.employee_referral.create_job_applicant": (
		RecordRight("Employee Referral", "source_name"),
	),
	"hrms.hr.doctype.exit_interview.exit_interview.send_exit_questionnaire": (
		RecordRight("Exit Interview", "interviews[].name", "write"),
	),
	"hrms.hr.doctype.expense_claim.expense_claim.get_advances": (
		EMPLOYEE,
		RecordRight("Employee", "expense_claim.employee"),
	),
	"hrms.hr.doctype.expense_claim.expense_claim.make_bank_entry": (VOUCHER,),
	"hrms.hr.doctype.full_and_final_statement.full_and_final_statement.get_account_and_amount": (
		AnyRecordRight("ref_doctype", "ref_document"),
	),
	"hrms.hr.doctype.goal.goal.get_children": (DocTypeRight("Goal"),),
	"hrms.hr.doctype.interview.interview.get_expected_skill_set": (
		RecordRight("Interview Round", "interview_round"),
	),
	"hrms.hr.doctype.interview.interview.get_feedback": (INTERVIEW, DocTypeRight("Interview Feedback")),
	"hrms.hr.doctype.interview.interview.get_interviewers": (
		RecordRight("Interview Round", "interview_round"),
	),
	"hrms.hr.doctype.interview.interview.get_skill_wise_average_rating": (INTERVIEW,),
	"hrms.hr.doctype.interview_feedback.interview_feedback.get_applicable_interviewers": (INTERVIEW,),
	"hrms.hr.doctype.job_applicant.job_applicant.get_interview_details": (
		RecordRight("Job Applicant", "job_applicant"),
	),
	"hrms.hr.doctype.leave_adjustment.leave_adjustment.get_allocated_leave_types": (
		EmployeeOrApprover("filters.employee"),
	),
	"hrms.hr.doctype.leave_adjustment.leave_adjustment.get_leave_allocation_for_posting_date": (APPROVED,),
	"hrms.hr.doctype.leave_application.leave_application.get_leave_approver": (APPROVED,),
	"hrms.hr.doctype.leave_application.leave_application.get_number_of_leave_days": (APPROVED,),
	"hrms.hr.doctype.leave_ledger_entry.leave_ledger_entry.expire_allocation": (
		RecordRight("Leave Allocation", "allocation.name", "write"),
	),
	"hrms.hr.doctype.overtime_slip.overtime_slip.filter_employees_for_overtime_slip_creation": (
		DocTypeRight("Overtime Slip", "create"),
		RecordRight("Employee", "employees[]"),
	),
	"hrms.hr.doctype.staffing_plan.staffing_plan.get_active_staffing_plan_details": (
		DocTypeRight("Staffing Plan"),
	),
	"hrms.hr.doctype.staffing_plan.staffing_plan.get_designation_counts": (DocTypeRight("Staffing Plan"),),
	"hrms.hr.doctype.training_result.training_result.get_employees": (
		RecordRight("Training Event", "training_event"),
	),
	"hrms.hr.doctype.vehicle_log.vehicle_log.make_expense_claim": (RecordRight("Vehicle Log", "docname"),),
	"hrms.hr.page.organizational_chart.organizational_chart.get_children": (
		special.check_organisation_chart,
	),
	"hrms.hr.utils.get_employee_field_property": (special.check_employee_field,),
	"hrms.overrides.employee_master.get_timeline_data": (AnyRecordRight("doctype", "name"),),
	"hrms.overrides.employee_payment_entry.get_payment_entry_for_employee": (VOUCHER,),
	"hrms.overrides.employee_payment_entry.get_payment_reference_details": (REFERENCE,),
	"hrms.overrides.employee_payment_entry.get_reference_details_for_employee": (REFERENCE,),
	f"{BENEFITS}.get_earning_components": (RecordRight("Employee", "filters.employee"),),
	f"{BENEFITS}.get_earning_components_max_benefits": (EMPLOYEE,),
	f"{BENEFITS}.get_max_benefits": (EMPLOYEE,),
	f"{BENEFITS}.get_max_benefits_remaining": (EMPLOYEE,),
	"hrms.payroll.doctype.employee_benefit_claim.employee_benefit_claim.get_benefit_components": (
		RecordRight("Employee", "filters.employee"),
	),
	"hrms.payroll.doctype.payroll_entry.payroll_entry.employee_query": (DocTypeRight("Payroll Entry"),),
	"hrms.payroll.doctype.payroll_entry.payroll_entry.get_payroll_entries_for_jv": (
		DocTypeRight("Payroll Entry"),
	),
	"hrms.payroll.doctype.salary_slip.salary_slip.enqueue_email_salary_slips": (
		RecordRight("Salary Slip", "names[]", "email"),
	),
	"hrms.payroll.doctype.salary_slip.salary_slip.make_salary_slip_from_timesheet": (
		DocTypeRight("Salary Slip", "create"),
		RecordRight("Timesheet", "source_name"),
	),
	"hrms.payroll.doctype.salary_structure.salary_structure.get_employees": (
		RecordRight("Salary Structure", "salary_structure"),
	),
	"hrms.payroll.doctype.salary_structure.salary_structure.make_salary_slip": (
		special.check_salary_preview,
		RecordRight("Salary Structure", "source_name"),
	),
	"hrms.payroll.doctype.salary_structure_assignment.salary_structure_assignment.get_employee_currency": (
		APPROVED,
	),
	"hrms.payroll.doctype.salary_withholding.salary_withholding.get_payroll_frequency": (EMPLOYEE,),
}
